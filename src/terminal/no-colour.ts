/** The package that colours the questions looks at a variable of its own and not at NO_COLOR; to be imported before it. */
if (process.env.NO_COLOR) process.env.NODE_DISABLE_COLORS = '1'
