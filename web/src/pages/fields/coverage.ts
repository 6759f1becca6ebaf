import type { Field } from '../../api/types';
import { formatShare } from '../../ui/format';

/** The server rounds down to a tenth of a per cent, so a few of very many are none. */
const COVERAGE_STEP = 0.1;

/** How many of the contacts have a field. A custom one is there because somebody has it. */
export function coverageInWords({ coverage, isCustom }: Field): string {
  const isTiny = isCustom && coverage === 0;
  return formatShare(isTiny ? COVERAGE_STEP / 2 : coverage, 100);
}
