import { createHash } from 'node:crypto'

/** The name of a function in a request. */
export interface FunctionName {
  name: string
  /** The namespace of the function, if it has one. */
  namespace?: string | null | undefined
  /** Whether it is a custom tool, which is called with a text. */
  custom?: boolean | undefined
}

const maxNameLength = 64
/** The number of hash digits, enough to distinguish the names of a request. */
const hashDigits = 8

/**
 * Maps function names to names for the model. Chat templates have no namespaces, so a namespace becomes a prefix, as in
 * `crm__get_customer`.
 */
export class ToolNames {
  readonly #modelNames = new Map<string, string>()
  readonly #functions = new Map<string, FunctionName>()

  /** @param offered the functions of a request. Those without a namespace always keep their names. */
  constructor(offered: readonly FunctionName[]) {
    const outside = offered.filter(({ namespace }) => namespace == null)
    const inside = offered.filter(({ namespace }) => namespace != null)
    for (const each of [...outside, ...inside]) this.#add(each)
  }

  /** Returns the model's name for a function, even if it is no longer offered. */
  toModel(named: FunctionName): string {
    return this.#modelNames.get(functionKey(named)) ?? toModelName(named)
  }

  /** Returns the function for a name that the model uses. */
  fromModel(name: string): FunctionName {
    return this.#functions.get(name) ?? { name }
  }

  #add(offered: FunctionName): void {
    const key = functionKey(offered)
    if (this.#modelNames.has(key)) return
    const name = toModelName(offered)
    const modelName = this.#functions.has(name) ? hashName(offered) : name
    this.#modelNames.set(key, modelName)
    this.#functions.set(modelName, offered)
  }
}

/** Returns the model's name for a function. It is stable across turns, which the prefix cache relies on. */
function toModelName(named: FunctionName): string {
  const name = qualifiedName(named)
  return named.namespace != null && name.length > maxNameLength ? hashName(named) : name
}

/** Shortens a name and adds a hash. It keeps the end, which is the function's own name. */
function hashName(named: FunctionName): string {
  const hash = createHash('sha256').update(functionKey(named)).digest('hex').slice(0, hashDigits)
  return `${qualifiedName(named).slice(-(maxNameLength - hashDigits - 1))}_${hash}`
}

function qualifiedName({ name, namespace }: FunctionName): string {
  return namespace == null ? name : `${namespace}__${name}`
}

function functionKey({ name, namespace }: FunctionName): string {
  return JSON.stringify([namespace ?? null, name])
}
