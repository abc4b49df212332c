// Whether the answers under load are those that the same requests get alone: a server that mixes requests up, or answers before it has
// predicted, is fast, and its latencies are those of another program (LoadGen's TEST01). Asked once the runs are over, each request twice:
// where a server does not answer it alike even then, as with times or random numbers in the answer, nothing is said.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LoadAnswers } from '@whyslow/report/documents/load-audit.ts'
import { askOnce } from '../../load/grpc/ask-once.ts'
import { unframe } from '../../load/grpc/http2.ts'
import { probe } from '../../load/http/probe.ts'
import type { KeptAnswer } from '../../load/kept-answers.ts'
import type { Target } from '../../load/target.ts'
import { areAlike } from './answer-values.ts'
import { streamText } from './stream-answers.ts'

export interface RequestSetup {
  readonly target: Target
  readonly shown: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** No request is asked alone after this long: what was not compared is told. */
const MOST_MS = 10_000

/** `kept`: of all runs. */
export async function compareAnswers(kept: readonly KeptAnswer[], asking: RequestSetup): Promise<LoadAnswers> {
  const byInput = byInputOf(kept)
  const until = performance.now() + MOST_MS
  let [compared, different] = [0, 0]
  const whys = new Set<string>()
  for (const [input, answers] of byInput) {
    asking.signal?.throwIfAborted()
    const alone = performance.now() > until ? 'there was no time to ask for all of them alone' : await askTwice(input, asking)
    if (typeof alone === 'string') {
      whys.add(alone)
      continue
    }
    compared += answers.length
    different += answers.filter((answer) => !isAlike(answer, alone, asking.target)).length
  }
  if (kept.length === 0) whys.add('none was kept: no good answers, or too large')
  return { compared, different, notCompared: kept.length - compared, why: whys.size === 0 ? null : [...whys].join('; ') }
}

function byInputOf(kept: readonly KeptAnswer[]): ReadonlyMap<number, readonly KeptAnswer[]> {
  const byInput = new Map<number, KeptAnswer[]>()
  for (const answer of kept) {
    const same = byInput.get(answer.input)
    if (same === undefined) byInput.set(answer.input, [answer])
    else same.push(answer)
  }
  return byInput
}

/** Streams are compared by their text: ids and instants differ in every answer. */
const agree = (one: Buffer, other: Buffer, target: Target): boolean =>
  target.kind === 'http' && target.streams === true ? streamText(one) === streamText(other) : areAlike(one, other, target.kind)

function isAlike({ body }: KeptAnswer, alone: Buffer, target: Target): boolean {
  const { kind } = target
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const answer = kind === 'grpc' ? unframe(bytes) : bytes
  return answer !== null && agree(alone, answer, target)
}

/** What it is answered; a text says why it cannot be said. */
async function askTwice(input: number, asking: RequestSetup): Promise<Buffer | string> {
  const [first, second] = [await askAlone(input, asking), await askAlone(input, asking)]
  if (first === null || second === null) return 'the server gives no good answer to the same request alone'
  return agree(first, second, asking.target) ? first : 'the server answers the same request differently each time, also alone'
}

async function askAlone(input: number, { target, shown, timeoutMs }: RequestSetup): Promise<Buffer | null> {
  const requests = [target.requests[input]!]
  try {
    const { status, body } = await (target.kind === 'grpc'
      ? askOnce({ ...target, requests }, shown, timeoutMs)
      : probe({ ...target, requests }, shown, timeoutMs))
    return status >= 200 && status < 300 ? body : null
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

/** Those of a server whose answers are wrong under load. */
export const answerWarnings = ({ compared, different }: LoadAnswers): readonly string[] =>
  different === 0
    ? []
    : [
        `${different} of ${compared} answers under load are not what the same requests get alone: the server answers wrong under load, and its times are not those of a right one`,
      ]
