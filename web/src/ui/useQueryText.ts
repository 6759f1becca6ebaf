// A text that narrows a list, kept in the address.
import { location, setQuery } from '../app/router';

export function useQueryText(name: string): [string, (text: string) => void] {
  const value = location.value.query.get(name) ?? '';
  return [value, (text) => setQuery({ [name]: text })];
}
