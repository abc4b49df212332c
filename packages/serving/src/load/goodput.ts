// Bounds of both times of a stream: 'first<500ms,token<50ms'. A request is a good one if it keeps all that are given; goodput is how many a second do (as vLLM's
// and AIPerf's benchmarks define it).
import { InputError } from '@whyslow/graph/input-error.ts'

export interface Goodput {
  readonly text: string
  /** null: no bound. */
  readonly firstTokenMs: number | null
  readonly perTokenMs: number | null
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000 }

/** Throws InputError. */
export function parseGoodput(text: string): Goodput {
  const bounds = new Map<string, number>()
  for (const part of text.split(',')) {
    const [, name, value, unit] = /^\s*(first|token)\s*<=?\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)\s*$/i.exec(part) ?? []
    const key = name?.toLowerCase()
    if (key === undefined || bounds.has(key) || !(Number(value) > 0)) throw refused(text)
    bounds.set(key, Number(value) * UNIT_MS[unit!.toLowerCase()]!)
  }
  return {
    text: text.replace(/\s+/g, ''),
    firstTokenMs: bounds.get('first') ?? null,
    perTokenMs: bounds.get('token') ?? null,
  }
}

const refused = (text: string) =>
  new InputError(
    `--goodput ${text}: give what the first token and each token after it may take, as in 'first<500ms,token<50ms' or 'token<50ms'`,
  )
