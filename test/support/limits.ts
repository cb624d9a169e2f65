/** Time limit of a test in which a created project runs all of its own tests, each with a model of its own. */
export const projectTestsMs = 1_800_000
