/** Returns tokens per second; 0 where there is no time to divide by. */
export function tokensPerSecond(tokens: number, milliseconds: number): number {
  return tokens > 0 && milliseconds > 0 ? (tokens * 1000) / milliseconds : 0
}
