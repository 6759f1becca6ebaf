// An e-mail address that breaks behind its @, if at all.

/** A longer half would not fit beside other columns: it may break anywhere. */
const HALF_MAX = 26;

export function Address({ email }: { email: string }) {
  const at = email.lastIndexOf('@') + 1;
  const halves = [email.slice(0, at), email.slice(at)];
  if (halves.some(({ length }) => length > HALF_MAX)) return <span class="break">{email}</span>;
  return (
    <>
      <span class="whole">{halves[0]}</span>
      <wbr />
      <span class="whole">{halves[1]}</span>
    </>
  );
}
