// A rule of generation: what it sees, and how a time of one token and of the first become a finding about a call.
import { type NextCommand, nextCommand } from '@whyslow/diagnosis/next-command.ts'
import { definerOf, type Finding, type Rule } from '@whyslow/diagnosis/rule.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { GenerationFloor, PartsOf, SeveralTokens, TokenPartId } from '@whyslow/report/documents/generation.ts'
import type { GenerationEvidence, KernelRates, WeightFact } from './facts.ts'

export type GenerationRule = Rule<GenerationEvidence>

export const defineRule = definerOf<GenerationEvidence>()

export type Measured = Pick<GenerationEvidence, 'speed' | 'setup'>

/** What a rule that wants the floor is given. */
export interface WithFloor {
  readonly floor?: GenerationFloor | undefined
}

/** Time of one token after the first; 0 if one token was generated. */
export const tokenMsOf = ({ speed }: Pick<Measured, 'speed'>): number => speed.timePerTokenMs?.value ?? 0
export const firstTokenMsOf = ({ speed }: Pick<Measured, 'speed'>): number => speed.timeToFirstTokenMs.value

/** A call of the setup that was measured: the first token and those after it. */
export const callMsOf = (measured: Measured): number => inCall(measured, firstTokenMsOf(measured), tokenMsOf(measured))

const inCall = ({ setup }: Pick<Measured, 'setup'>, firstMs: number, tokenMs: number): number =>
  firstMs + Math.max(0, setup.newTokens - 1) * tokenMs

/** What something takes of the first token, and of each after it; absent: nothing. */
export interface Cost {
  readonly firstMs?: number
  readonly tokenMs?: number
}

/** Whether a user of this call would notice. */
export function isFelt(measured: Measured, { firstMs = 0, tokenMs = 0 }: Cost): boolean {
  return (
    isWorthSaying(firstMs, firstTokenMsOf(measured)) || isWorthSaying(tokenMs, tokenMsOf(measured) || Number.POSITIVE_INFINITY)
  )
}

type Costs = Pick<Finding, 'timeMs' | 'wouldSaveMs' | 'savingUnknown' | 'basis' | 'savingByPart'>

/**
 * The cost as times of a call, all of which would be saved unless `saving` says how much, or `unknown` why nobody knows. No more is saved
 * than the tokens take.
 */
export function costs(
  measured: Measured,
  cost: Cost,
  { saving = cost, unknown, basis }: { saving?: Cost; unknown?: string; basis: Finding['basis'] },
): Costs {
  const [first, token] = [firstTokenMsOf(measured), tokenMsOf(measured)]
  const within = (ms: number | undefined, most: number): number => Math.min(most, Math.max(0, ms ?? 0))
  const timeMs = inCall(measured, within(cost.firstMs, first), within(cost.tokenMs, token))
  if (unknown !== undefined)
    return { timeMs, wouldSaveMs: null, savingUnknown: unknown, basis, savingByPart: { firstToken: null, token: null } }
  const [firstToken, each] = [within(saving.firstMs, first), within(saving.tokenMs, token)]
  return { timeMs, wouldSaveMs: inCall(measured, firstToken, each), basis, savingByPart: { firstToken, token: each } }
}

/** Milliseconds of a part; undefined: the division does not have it. */
export const partMs = (of: PartsOf | undefined, ...ids: readonly TokenPartId[]): number | undefined => {
  const parts = of?.parts.filter(({ id }) => ids.includes(id)) ?? []
  return parts.length === 0 ? undefined : parts.reduce((sum, { ms }) => sum + ms, 0)
}

export const sumOf = <T>(all: readonly T[], number: (one: T) => number): number => all.reduce((sum, one) => sum + number(one), 0)

/** Time to read `bytes` once at the measured bandwidth; undefined: it was not measured. */
export const readMs = ({ floor }: WithFloor, bytes: number): number | undefined =>
  floor === undefined || floor.bytesPerSecond <= 0 ? undefined : (1000 * bytes) / floor.bytesPerSecond

/** What nodes with these weights take of a decode step: as profiled; else by their bytes. undefined: neither is known. */
export function weightsMs(given: WithFloor, weights: readonly WeightFact[]): number | undefined {
  if (weights.length > 0 && weights.every(({ decodeMs }) => decodeMs !== null)) return sumOf(weights, ({ decodeMs }) => decodeMs!)
  return readMs(
    given,
    sumOf(weights, ({ bytes }) => bytes),
  )
}

/** What a rule that wants the rates of kernels is given. */
export interface WithRates {
  readonly kernelRates?: KernelRates | undefined
}

/** The name of a rate: of kernels that multiply blocks of this type in float32. */
export const inFloat32 = (dtype: string): string => `${dtype} in float32`

/** What weights that take `nowMs` would take in blocks: at the rate of the engine's own kernels; if it was not timed, each byte as long as now. */
export function quantizedMs(
  { kernelRates = {} }: WithRates,
  { weights, dtype, nowMs }: { readonly weights: readonly WeightFact[]; readonly dtype: 'int4' | 'int8'; readonly nowMs: number },
): number {
  const bytes = (dtype === 'int4' ? INT4_BYTES : INT8_BYTES) * sumOf(weights, ({ elements }) => elements)
  const rate = kernelRates[dtype]
  return rate === undefined ? (nowMs * bytes) / sumOf(weights, (one) => one.bytes) : (1000 * bytes) / rate
}

/** Time of `tokens` at once over that of one, on the line between the measured points around it. */
export function ratioAt({ points }: SeveralTokens, tokens: number): number | undefined {
  const after = points.findIndex((point) => point.tokens >= tokens)
  if (after < 0) return undefined
  const [b, a] = [points[after]!, points[after - 1]]
  if (b.tokens === tokens || a === undefined) return b.tokens === tokens ? b.ratio : undefined
  return a.ratio + ((b.ratio - a.ratio) * (tokens - a.tokens)) / (b.tokens - a.tokens)
}

/** Bytes of an element of 4 and of 8 bits in blocks of 32, each with a float32 scale, zero points left out. */
export const INT4_BYTES = 0.625
export const INT8_BYTES = 1.125
/** The accuracy_level of MatMulNBits that multiplies in int8. */
export const INT8_LEVEL = 4

const MODEL = { placeholder: 'MODEL' } as const
export const fixGenerator = (): NextCommand => nextCommand('fix', MODEL, '-o', 'fast/')
export const generateAgain = (...words: readonly string[]): NextCommand => nextCommand('generate', MODEL, ...words)
