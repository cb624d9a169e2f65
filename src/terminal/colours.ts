import { bold, cyan, dim, red } from 'kolorist'
import type { Style } from './style.ts'

/** kolorist looks at NO_COLOR, FORCE_COLOR and TERM itself. This file alone loads it. */
export const colours: Style = {
  strong: bold,
  faint: dim,
  command: cyan,
  problem: red,
}
