// Tokenizers that the user wrote by hand, against @huggingface/tokenizers, where the user's program can load it: the texts that the user's function
// was given, ids compared one by one, then in turns. What the library's tokenizer is made of: vocabularies.ts.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { AlternativeFact } from '../../facts.ts'
import { inTurns } from '../../javascript/in-turns.ts'
import { requirePackage } from '../../javascript/instead-of-decoding.ts'
import type { GivenTexts, Tokenizing } from './texts-seen.ts'
import { inPlaceOf, type Row, rowsOf } from './token-ids.ts'
import { LIBRARY, tokenizersOf, type VocabularySource } from './vocabularies.ts'

/** Time, by the user's function, up to which texts are timed, ms. */
const TIMED_MS = 20

interface Encoding {
  readonly ids: readonly number[]
  readonly tokens: readonly string[]
  readonly attention_mask: readonly number[]
  readonly token_type_ids?: readonly number[]
}
interface Library {
  encode(text: string, options: object): Encoding
}
type Tokenizer = new (json: object, config: object) => Library

/** A call of the user's function, made again. */
interface Asked extends GivenTexts {
  readonly value: unknown
  readonly rows: readonly Row[]
  readonly isPromise: boolean
  readonly tookMs: number
}

/** How a library's rows are made as long as the user's. `most`: null: they are not cut. */
interface Fit {
  readonly most: number | null
  /** What is cut off stands before the last one. */
  readonly keepsLast: boolean
  readonly pad: 'none' | 'most' | 'batch'
  readonly length: number
  readonly padId: number
}

interface Way {
  readonly made: VocabularySource
  readonly library: Library
  readonly options: object
  readonly fit: Fit
  /** Texts whose ids are others. */
  readonly off: number
}

/**
 * `folders`: where tokenizers and vocabularies may lie, the likeliest first. null: the library is not there, there is nothing to make a tokenizer
 * of, or no function gives ids.
 */
export async function insteadOfTokenizing(
  seen: ReadonlyMap<string, Tokenizing>,
  from: string,
  folders: readonly string[],
): Promise<AlternativeFact | null> {
  const { Tokenizer } = (requirePackage(createRequire(from), LIBRARY, true) ?? {}) as { Tokenizer?: Tokenizer }
  if (Tokenizer === undefined) return null
  let found: AlternativeFact | null = null
  // Who was called first holds the others, and gives what the model is fed with.
  for (const [key, one] of [...seen]) {
    const [, file, line, name] = /^(.*)#(\d+)#(.*)$/s.exec(key)!
    const where = [...new Set([...folders, dirname(file!)])]
    try {
      const asked = await askAgain(one)
      const way = asked === null ? null : bestOf(tokenizersOf(where, one.tables.flatMap(held)), Tokenizer, asked)
      if (way === null || (found !== null && way.off > 0)) continue
      found = { file: file!, line: Number(line), function: name!, ...(await tried(name!, asked!, way)) }
      if (way.off === 0) break
    } catch {
      // It cannot be asked so; the next one may.
    }
  }
  return found
}

function held([name, table]: Tokenizing['tables'][number]): (readonly [string, unknown])[] {
  try {
    return [[name, table()]]
  } catch {
    return []
  }
}

/** null: what it gives is no ids; empty rows are no sign of any. */
async function askAgain({ given }: Tokenizing): Promise<readonly Asked[] | null> {
  const asked: Asked[] = []
  for (const one of [...given.values()]) {
    const start = performance.now()
    const promised = one.call(...one.given)
    const isPromise = promised instanceof Promise
    const value = isPromise ? await promised : promised
    const tookMs = performance.now() - start
    const rows = rowsOf(value, one.texts.length)
    if (rows === null) return null
    asked.push({ ...one, value, rows, isPromise, tookMs })
  }
  return asked.some(({ rows }) => rows.some((row) => lengthOf(row) > 0)) ? asked : null
}

/** The one whose ids are the user's in the most texts. */
function bestOf(all: Iterable<VocabularySource>, Tokenizer: Tokenizer, asked: readonly Asked[]): Way | null {
  let best: Way | null = null
  for (const made of all) {
    try {
      const library = new Tokenizer(made.json, made.config)
      for (const add_special_tokens of [true, false]) {
        const way = wayOf({ made, library, options: { add_special_tokens, return_token_type_ids: true } }, asked)
        if (best === null || way.off < best.off) best = way
        if (way.off === 0) return way
      }
    } catch {
      // Of a kind that the library does not know.
    }
  }
  return best
}

function wayOf(one: Omit<Way, 'fit' | 'off'>, asked: readonly Asked[]): Way {
  const given = asked.map(({ texts }) => texts.map((text) => rowOf(one.library.encode(text, one.options))))
  const ways = fitsOf(asked, given).map((fit) => {
    const off = asked.flatMap(({ rows }, at) => {
      const other = fitted(given[at]!, fit)
      return rows.filter((row, k) => !isSame(row, other[k]!))
    })
    return { ...one, fit, off: off.length }
  })
  return ways.reduce((best, way) => (way.off < best.off ? way : best))
}

const rowOf = ({ ids, tokens, attention_mask: mask, token_type_ids: types = ids.map(() => 0) }: Encoding): Row => ({
  ids,
  tokens,
  mask,
  types,
})

const isSame = (row: Row, other: Row): boolean =>
  (Object.keys(row) as (keyof Row)[]).every((kind) => {
    const [a, b] = [row[kind]!, other[kind]!]
    return a.length === b.length && a.every((value, k) => value === b[k])
  })

// Lengths ------------------------------------------------------------------------------------------------------------------------------

const lengthOf = ({ ids, tokens }: Row): number => (ids ?? tokens)!.length

/** What the user's lengths say of how texts are cut and filled up. */
function fitsOf(asked: readonly Asked[], given: readonly (readonly Row[])[]): readonly Fit[] {
  const pairs = asked.flatMap(({ rows }, at) => rows.map((row, k) => [row, lengthOf(given[at]![k]!)] as const))
  const length = Math.max(...pairs.map(([row]) => lengthOf(row)))
  const filled = pairs.flatMap(([row, own]) => (own < lengthOf(row) ? [row] : []))
  const areAll = pairs.every(([row]) => lengthOf(row) === length)
  const pad = filled.length === 0 ? 'none' : areAll ? 'most' : 'batch'
  const most = pairs.some(([, own]) => own > length) ? length : null
  const fit = { most, pad, length, padId: padIdOf(filled) } as const
  return (most === null ? [false] : [true, false]).map((keepsLast) => ({ ...fit, keepsLast }))
}

/** What most of them end with, where a mask says so of those that it is left out of. */
function padIdOf(filled: readonly Row[]): number {
  const masked = filled.filter(({ mask }) => mask?.at(-1) === 0)
  const ends = (masked.length > 0 ? masked : filled).map(({ ids }) => ids?.at(-1) ?? 0)
  const times = (id: number) => ends.filter((one) => one === id).length
  return ends.reduce((best, id) => (times(id) > times(best) ? id : best), ends[0] ?? 0)
}

function fitted(rows: readonly Row[], { most, keepsLast, pad, length, padId }: Fit): readonly Row[] {
  const cut = <T>(list: readonly T[]): readonly T[] => {
    if (most === null || list.length <= most) return list
    return keepsLast ? [...list.slice(0, most - 1), list.at(-1)!] : list.slice(0, most)
  }
  const short = rows.map(({ ids = [], mask = [], types = [], tokens = [] }) => ({
    ids: cut(ids),
    mask: cut(mask),
    types: cut(types),
    tokens: cut(tokens),
  }))
  if (pad === 'none') return short
  const to = pad === 'most' ? length : Math.max(...short.map(lengthOf))
  const filled = (list: readonly number[], by: number) => [...list, ...new Array<number>(to - list.length).fill(by)]
  return short.map(({ ids, mask, types, tokens }) => ({
    ids: filled(ids, padId),
    mask: filled(mask, 0),
    types: filled(types, 0),
    tokens,
  }))
}

// What is told -------------------------------------------------------------------------------------------------------------------------

async function tried(name: string, asked: readonly Asked[], { made, library, options, fit, off }: Way) {
  let ms = 0
  const timed = asked.filter(({ tookMs }, at) => {
    const isIn = at === 0 || ms < TIMED_MS
    ms += tookMs
    return isIn
  })
  const now = timed.some(({ isPromise }) => isPromise)
    ? async () => {
        for (const { call, given } of timed) await call(...given)
      }
    : () => timed.map(({ call, given }) => call(...given))
  const instead = () =>
    timed.map(({ texts, value }) =>
      inPlaceOf(
        value,
        fitted(
          texts.map((text) => rowOf(library.encode(text, options))),
          fit,
        ),
      ),
    )
  const { nowMs, insteadMs, ...ratios } = await inTurns(now, instead)
  const texts = { ...textsOf(asked), different: off }
  const all = `${texts.all} ${texts.all === 1 ? 'text' : 'texts'}${texts.compared === 'ids' ? '' : ', by their tokens'}`
  return {
    rule: 'tokenizer-dominates',
    now: name,
    instead: `${LIBRARY} with ${made.of}`,
    nowMs: nowMs / timed.length,
    insteadMs: insteadMs / timed.length,
    ...ratios,
    equal: off === 0 ? ('bits' as const) : ('different' as const),
    on: off === 0 ? all : `${off} of ${all}`,
    texts,
    code: codeOf(name, made, options, { fit, value: asked[0]!.rows[0]! }),
  }
}

/** How many were compared, and what of them. */
function textsOf(asked: readonly Asked[]): { readonly all: number; readonly compared: 'ids' | 'tokens' } {
  const all = asked.reduce((sum, { texts }) => sum + texts.length, 0)
  const haveIds = asked.some(({ rows }) => rows.some(({ ids = [] }) => ids.length > 0))
  return { all, compared: haveIds ? 'ids' : 'tokens' }
}

function codeOf(
  name: string,
  made: VocabularySource,
  options: object,
  { fit, value }: { readonly fit: Fit; readonly value: Row },
): string[] {
  const { add_special_tokens: around } = options as { readonly add_special_tokens: boolean }
  const names = { ids: 'ids', mask: 'attention_mask', types: 'token_type_ids', tokens: 'tokens' } as const
  const asked = (Object.keys(value) as (keyof Row)[]).map((kind) => names[kind])
  const given = [around ? [] : ['add_special_tokens: false'], 'types' in value ? ['return_token_type_ids: true'] : []].flat()
  const { most, keepsLast, pad, length, padId } = fit
  const short = keepsLast ? `[...ids.slice(0, ${most! - 1}), ids.at(-1)]` : `ids.slice(0, ${most})`
  const to = pad === 'most' ? length : 'the longest of the batch'
  const lines = made.code.flatMap((line) => line.split('\n'))
  return [
    `import { Tokenizer } from '${LIBRARY}'`,
    ...(lines.some((line) => line.includes('readFileSync(')) ? ["import { readFileSync } from 'node:fs'"] : []),
    ...lines,
    `// instead of ${name}`,
    `const { ${asked.join(', ')} } = tokenizer.encode(text${given.length > 0 ? `, { ${given.join(', ')} }` : ''})`,
    ...(most === null ? [] : [`// more than ${most} ids: ${short}`]),
    ...(pad === 'none' ? [] : [`// fewer: filled up to ${to} with ${padId}, the mask with 0`]),
  ]
}
