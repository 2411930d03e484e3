/** One cell of a Markdown table. It knows no table. */

/** A bar inside a cell would end it. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
