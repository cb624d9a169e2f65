import { createHash } from 'node:crypto'

/** A function as a request names it. */
export interface FunctionName {
  name: string
  /** The namespace that it is in, if it is in one. */
  namespace?: string | null | undefined
}

const longest = 64
/** Digits of a hash, enough to keep the names of one request apart. */
const hashDigits = 8

/**
 * The names by which the model knows functions: chat templates have no namespaces, so theirs goes before their own, as
 * `crm__get_customer`.
 */
export class ToolNames {
  readonly #modelNames = new Map<string, string>()
  readonly #functions = new Map<string, FunctionName>()

  /** @param offered those without a namespace keep their names, whatever the others would be called. */
  constructor(offered: readonly FunctionName[]) {
    const outside = offered.filter(({ namespace }) => namespace == null)
    const inside = offered.filter(({ namespace }) => namespace != null)
    for (const each of [...outside, ...inside]) this.#add(each)
  }

  /** By what name the model knows a function, also one of an earlier turn that is not offered any more. */
  toModel(named: FunctionName): string {
    return this.#modelNames.get(functionKey(named)) ?? toModelName(named)
  }

  /** What a request calls the function that the model calls. */
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

/** The same in each turn: a conversation is found in the prompt cache by it. */
function toModelName(named: FunctionName): string {
  const name = qualifiedName(named)
  return named.namespace != null && name.length > longest ? hashName(named) : name
}

/** Its end is kept, which is the function's own name. */
function hashName(named: FunctionName): string {
  const hash = createHash('sha256').update(functionKey(named)).digest('hex').slice(0, hashDigits)
  return `${qualifiedName(named).slice(-(longest - hashDigits - 1))}_${hash}`
}

function qualifiedName({ name, namespace }: FunctionName): string {
  return namespace == null ? name : `${namespace}__${name}`
}

function functionKey({ name, namespace }: FunctionName): string {
  return JSON.stringify([namespace ?? null, name])
}
