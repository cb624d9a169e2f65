import Handlebars from 'handlebars'
import { contextKeys, type RenderContext } from './context.ts'
import type { Template, TemplatePart } from './template.ts'

/**
 * Parses the text of a `.hbs` file. It supports these parts of Handlebars: `{{value}}`, `{{json value}}`,
 * `{{#if value}}` and `{{#unless value}}` with `{{else}}`, comments, and the rules for white space.
 *
 * @param path of the file, for errors.
 * @throws Error for anything else, and for a value that is not in the context.
 */
export function parseTemplate(text: string, path: string): Template {
  return partsOf(Handlebars.parse(text).body, path)
}

function partsOf(statements: readonly hbs.AST.Statement[], path: string): TemplatePart[] {
  return statements.flatMap((statement) => partOf(statement, path) ?? [])
}

function partOf(statement: hbs.AST.Statement, path: string): TemplatePart | undefined {
  if (isContent(statement)) return statement.value === '' ? undefined : statement.value
  if (statement.type === 'CommentStatement') return undefined
  if (isMustache(statement)) {
    const [argument] = statement.params
    if (argument === undefined) return { value: keyOf(statement.path, path) }
    if (nameOf(statement.path) === 'json' && statement.params.length === 1) {
      return { value: keyOf(argument, path), json: true }
    }
  }
  if (isBlock(statement) && statement.params.length === 1) {
    const when = keyOf(statement.params[0], path)
    const parts = partsOf(statement.program?.body ?? [], path)
    const otherwise = partsOf(statement.inverse?.body ?? [], path)
    if (nameOf(statement.path) === 'if') return { when, parts, otherwise }
    if (nameOf(statement.path) === 'unless') return { when, parts: otherwise, otherwise: parts }
  }
  throw new Error(
    `${path}:${statement.loc.start.line}: templates support {{value}}, {{json value}}, {{#if}} and {{#unless}}`,
  )
}

function keyOf(expression: hbs.AST.Expression | undefined, path: string): keyof RenderContext {
  const name = nameOf(expression)
  const key = contextKeys.find((candidate) => candidate === name)
  if (key !== undefined) return key
  const line = expression?.loc.start.line ?? 0
  throw new Error(`${path}:${line}: there is no value ${name ?? '?'}, only ${contextKeys.join(', ')}`)
}

function nameOf(expression: hbs.AST.Expression | hbs.AST.Literal | undefined): string | undefined {
  if (expression?.type !== 'PathExpression' || !('original' in expression)) return undefined
  return typeof expression.original === 'string' ? expression.original : undefined
}

function isContent(statement: hbs.AST.Statement): statement is hbs.AST.ContentStatement {
  return statement.type === 'ContentStatement'
}

function isMustache(statement: hbs.AST.Statement): statement is hbs.AST.MustacheStatement {
  return statement.type === 'MustacheStatement'
}

function isBlock(statement: hbs.AST.Statement): statement is hbs.AST.BlockStatement {
  return statement.type === 'BlockStatement'
}
