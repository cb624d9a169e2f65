/** Makes prompts honour NO_COLOR: its colours read another variable. Import this file before prompts. */
if (process.env.NO_COLOR) process.env.NODE_DISABLE_COLORS = '1'
