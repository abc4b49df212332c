// What the user's module is to the driver: its stages, its samples, or nothing but a script.
import path from 'node:path'

/** The file or the arguments cannot be used as they are; nothing of the user's failed. */
export class ContractError extends Error {}

export type UserFunction = (...given: unknown[]) => unknown

export interface UserStage {
  readonly name: string
  readonly call: UserFunction
}

export interface UserTarget {
  readonly kind: 'stages' | 'function' | 'script'
  readonly stages: readonly UserStage[]
  readonly load: UserFunction | null
  /** A function or what it would give; null: none. */
  readonly samples: unknown
}

const STAGES = ['preprocess', 'predict', 'postprocess'] as const

type Exports = Readonly<Record<string, unknown>>

/** `module`: what importing the file gave. Throws ContractError. */
export function targetOf(module: Exports, call: string | null, file: string): UserTarget {
  if (call !== null) return calledTarget(module, call, file)
  const holder = holderOf(module)
  if (holder !== null) {
    const stages = STAGES.flatMap((name) => {
      const stage = holder[name]
      return typeof stage === 'function' ? [{ name, call: (stage as UserFunction).bind(holder) }] : []
    })
    return { kind: 'stages', stages, load: bound(holder, 'load'), samples: samplesOf(holder) }
  }
  const only = module.default
  if (typeof only === 'function') {
    const name = only.name === '' || only.name === 'default' ? 'default' : only.name
    return {
      kind: 'function',
      stages: [{ name, call: only as UserFunction }],
      load: bound(module, 'load'),
      samples: samplesOf(module),
    }
  }
  return { kind: 'script', stages: [], load: null, samples: null }
}

/** The module itself, or the object that it exports as default. */
function holderOf(module: Exports): Exports | null {
  const candidates = [module, module.default, (module.default as Exports | null | undefined)?.default]
  const found = candidates.find((one) => typeof (one as Exports | null | undefined)?.predict === 'function')
  return found === undefined ? null : (found as Exports)
}

const bound = (holder: Exports, name: string): UserFunction | null => {
  const found = holder[name]
  return typeof found === 'function' ? (found as UserFunction).bind(holder) : null
}

const samplesOf = (holder: Exports): unknown => bound(holder, 'samples') ?? holder.samples ?? null

function calledTarget(module: Exports, call: string, file: string): UserTarget {
  let holder: unknown = module
  let found: unknown = module
  for (const part of call.split('.')) {
    holder = found
    found = (found as Exports | null | undefined)?.[part]
  }
  if (found === undefined && typeof module.default === 'object' && module.default !== null) {
    holder = module.default
    found = (module.default as Exports)[call]
  }
  if (typeof found !== 'function') {
    const names = Object.keys(module).filter((name) => typeof module[name] === 'function')
    const has = names.length === 0 ? 'it exports no functions' : `it exports ${names.slice(0, 8).join(', ')}`
    throw new ContractError(`${path.basename(file)} exports no function ${call}; ${has}`)
  }
  const stages = [{ name: call, call: (found as UserFunction).bind(holder) }]
  return { kind: 'function', stages, load: bound(module, 'load'), samples: samplesOf(module) }
}
