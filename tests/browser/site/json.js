/** Reads a file of the corpus. */
export async function json(path) {
  const response = await fetch(`corpus/${path}`);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response.json();
}
