// What a schema has lost beside an earlier one: fields that are gone, fields that became required, values that are no longer allowed.

interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema | boolean
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}

/** One line for each loss, with its path: 'latency.p50Ms is gone'. Empty: the new schema only grew. */
export function lost(earlier: object, now: object): string[] {
  const [before, after] = [earlier as Schema, now as Schema]
  const seen = new Set<string>()
  return compare(before, after, '')

  function compare(old: Schema, current: Schema, path: string): string[] {
    const pair = `${old.$ref ?? ''} ${current.$ref ?? ''}`
    if (old.$ref !== undefined || current.$ref !== undefined) {
      if (seen.has(pair)) return []
      seen.add(pair)
      return compare(resolved(old, before), resolved(current, after), path)
    }
    if (old.anyOf !== undefined || current.anyOf !== undefined) return alternatives(old, current, path)
    const values = allowed(old).filter((one) => !allowed(current).includes(one))
    const refused = allowed(current).length > 0 && (values.length > 0 || allowed(old).length === 0)
    const types = typesOf(old).filter((one) => typesOf(current).length > 0 && !typesOf(current).includes(one))
    return [
      ...(refused ? [`${path} no longer allows ${values.join(', ') || 'any value'}`] : []),
      ...types.map((one) => `${path} is no longer ${one}`),
      ...fields(old, current, path),
      ...inner(old.items, current.items, `${path}[]`),
      ...inner(old.additionalProperties, current.additionalProperties, `${path}.*`),
      ...(old.prefixItems ?? []).flatMap((one, k) => inner(one, current.prefixItems?.[k], `${path}[${k}]`)),
    ]
  }

  function fields(old: Schema, current: Schema, path: string): string[] {
    const known = Object.entries(old.properties ?? {}).flatMap(([name, one]) => {
      const at = path === '' ? name : `${path}.${name}`
      const same = current.properties?.[name]
      return same === undefined ? [`${at} is gone`] : compare(one, same, at)
    })
    const demanded = (current.required ?? []).filter((name) => !(old.required ?? []).includes(name))
    const dropped = (old.required ?? []).filter(
      (name) => name in (current.properties ?? {}) && !(current.required ?? []).includes(name),
    )
    return [
      ...known,
      ...demanded.map((name) => `${path}.${name} became required, which earlier documents lack`),
      ...dropped.map((name) => `${path}.${name} may be missing now, which readers do not expect`),
    ]
  }

  /** Every earlier alternative is one of today's. */
  function alternatives(old: Schema, current: Schema, path: string): string[] {
    const today = current.anyOf ?? [current]
    return (old.anyOf ?? [old]).flatMap((one, k) => {
      const best = today.map((other) => attempt(() => compare(one, other, path))).sort((a, b) => a.length - b.length)[0]!
      return best.length === 0 ? [] : [`${path} (alternative ${k + 1}): ${best[0]}`]
    })
  }

  /** What is seen in an attempt that fails must be looked at again in the next. */
  function attempt(run: () => string[]): string[] {
    const before = [...seen]
    const found = run()
    if (found.length > 0) {
      seen.clear()
      for (const one of before) seen.add(one)
    }
    return found
  }

  function inner(old: Schema | boolean | undefined, current: Schema | boolean | undefined, path: string): string[] {
    if (typeof old !== 'object') return []
    if (current === undefined) return [`${path} is gone`]
    return typeof current === 'object' ? compare(old, current, path) : []
  }
}

const resolved = (schema: Schema, root: Schema): Schema =>
  schema.$ref === undefined ? schema : root.$defs![schema.$ref.replace('#/$defs/', '')]!

const typesOf = ({ type }: Schema): readonly string[] => (type === undefined ? [] : typeof type === 'string' ? [type] : type)

const allowed = (schema: Schema): readonly string[] =>
  (schema.enum ?? (schema.const === undefined ? [] : [schema.const])).map((one) => JSON.stringify(one))
