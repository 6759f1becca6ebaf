// Whether bytes are UTF-8 text, and what else they may be: spreadsheets like to save other things.

/** Unicode text, two bytes a character. Excel calls it “Unicode Text”. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

const ZIP = [0x50, 0x4b, 0x03, 0x04];

/** A workbook: .xlsx, .ods and .numbers are all archives. */
const isArchive = (bytes: Uint8Array) => ZIP.every((byte, index) => bytes[index] === byte);

const AS_CSV =
  'In Excel, save it as “CSV UTF-8”; in Google Sheets, download it as comma-separated values; in LibreOffice, choose Unicode (UTF-8) when you save.';

/**
 * What is wrong with the beginning of a file that should be CSV in UTF-8; null if nothing is.
 * The last character may be cut off.
 */
export function encodingProblem(bytes: Uint8Array): string | null {
  if (isArchive(bytes)) return `This is a spreadsheet’s own file, and not a CSV. ${AS_CSV}`;
  if (isUtf16(bytes)) return `This file is in UTF-16, and it has to be in UTF-8. ${AS_CSV}`;
  if (bytes.includes(0)) return `This is not a text file. ${AS_CSV}`;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return null;
  } catch {
    return `This file is not in UTF-8: some of its letters would be lost. ${AS_CSV}`;
  }
}
