/** What `*.hbs` files can call beside Handlebars' own if, unless and each. */
export const templateHelpers = {
  /** `{{json model}}`: a text as JSON, with its quotes. */
  json: (value: unknown): string => JSON.stringify(value),
}
