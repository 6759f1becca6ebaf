export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <circle cx="13" cy="16" r="7" fill="none" stroke="#fff" stroke-width="2.4" />
      <circle
        cx="19"
        cy="16"
        r="7"
        fill="#fff"
        fill-opacity=".35"
        stroke="#fff"
        stroke-width="2.4"
      />
    </svg>
  );
}
