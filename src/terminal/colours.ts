import { bold, cyan, dim, red } from 'kolorist'

/** The colours of each style. kolorist honours NO_COLOR, FORCE_COLOR and TERM. Only this file loads it. */
export const colours = { strong: bold, faint: dim, command: cyan, problem: red }
