/** Words that are longer than there is room for lose their end, and whoever reads them is told so. */
export const cutAt = (text: string, maxChars: number): string =>
  text.length <= maxChars ? text : `${text.slice(0, maxChars)}\n[the rest is left out]`;
