/** Removes control sequences from the output of a terminal. */
export function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]|\u001b[78]|\u0007|\r/g, '')
}
