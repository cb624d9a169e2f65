/** The module that scripts/build.ts makes: templates by layer and path, and the versions of the host. */
declare module 'packed-templates' {
  export const templates: Readonly<Record<string, Readonly<Record<string, TemplateSpecification>>>>
  export const versions: Readonly<Record<string, string>>
}
