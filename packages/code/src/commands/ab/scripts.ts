// Two scripts, each run whole as it is: time from start to end, and what they print. Lines that one script prints differently from run to run
// (times, dates, random numbers) say nothing about the other.
import type { StageProgress } from '@whyslow/command/progress.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { endInWords, startProcess, textFrom } from '@whyslow/measure/processes/start-process.ts'
import { decide, geometricMean, LEVEL, median } from '@whyslow/measure/statistics/index.ts'
import type { AbDocument, AbSide } from '@whyslow/report/documents/ab.ts'
import { abAnswer } from '@whyslow/report/text/ab-text.ts'
import { sumComparisons } from '../../turns/compare-outputs.ts'
import { compareValues } from '../../turns/compare-values.ts'
import type { Source } from '../../turns/contestant.ts'
import { encodeValue } from '../../turns/encode-value.ts'
import { type Pair, ratiosOf } from '../../turns/take-turns.ts'
import type { Encoded } from '../../turns/value.ts'

interface ScriptsPlan {
  readonly pairs: number
  readonly limitSeconds: number
  readonly tolerance: number | null
  readonly warnings: string[]
  readonly progress: (progress: StageProgress) => void
  readonly signal?: AbortSignal
}

interface Run {
  readonly ms: number
  readonly printed: string
}

/** Throws InputError if a script fails. */
export async function compareScripts(
  sources: readonly [Source, Source],
  files: readonly [string, string],
  plan: ScriptsPlan,
): Promise<AbDocument> {
  const { pairs: most, progress, warnings } = plan
  const runs: readonly [Run[], Run[]] = [[], []]
  const run = async (side: 0 | 1) => {
    const done = await runScript(sources[side], files[side], plan)
    runs[side].push(done)
    return done.ms
  }
  // The first run of each reads files that later ones find in memory.
  for (const side of [0, 1] as const) await run(side)
  const pairs: Pair[] = []
  for (let k = 0; k < most; k++) {
    progress({ stage: `pair ${k + 1}`, done: k, of: most })
    const times: readonly [number[], number[]] = [[], []]
    for (const side of k % 2 === 0 ? ([0, 1, 1, 0] as const) : ([1, 0, 0, 1] as const)) times[side].push(await run(side))
    pairs.push({ aMs: geometricMean(times[0]), bMs: geometricMean(times[1]) })
  }
  warnings.push('neither file has a predict function: each is run whole, and its start and imports are in the times')
  const side = (k: 0 | 1): AbSide => ({
    file: files[k],
    language: sources[k].language,
    runtime: sources[k].language === 'javascript' ? `Node ${process.version.slice(1)}` : sources[k].interpreter.join(' '),
    call: [],
    callMs: median(pairs.map((pair) => (k === 0 ? pair.aMs : pair.bMs))),
    importMs: null,
    loadMs: null,
    firstMs: null,
    packages: [],
  })
  const document = {
    ...documentHead('whyslow-ab/1'),
    ...decide(ratiosOf(pairs)),
    levelPercent: LEVEL,
    pairs,
    a: side(0),
    b: side(1),
    samples: { count: 0, timed: 0, source: 'none' as const },
    outputs: comparePrintedLines(
      runs[0].map(({ printed }) => printed),
      runs[1].map(({ printed }) => printed),
      plan.tolerance,
    ),
    warnings,
  }
  return { ...document, answer: abAnswer(document) }
}

/** What a script prints beyond this is not compared. */
const KEPT_CHARACTERS = 4e6

async function runScript({ file, interpreter }: Source, name: string, { limitSeconds, signal }: ScriptsPlan): Promise<Run> {
  const [executable, ...before] = interpreter
  const { child, ended } = startProcess({
    executable: executable!,
    words: [...before, file],
    stdio: ['ignore', 'pipe', 'pipe'],
    isUsers: true,
    limits: { timeMs: limitSeconds * 1000, signal },
  })
  const printed = textFrom(child.stdout, KEPT_CHARACTERS)
  const how = await ended
  signal?.throwIfAborted()
  if (how.code === 0) return { ms: how.ranMs, printed: printed() }
  if (how.error !== null) throw new InputError(`${name}: cannot be run (${how.error.message})`)
  const why = how.stop === null ? endInWords(how) : `did not end within ${limitSeconds} s`
  throw new InputError(`${name}: it ${why}; nothing is compared`)
}

/** Every run's lines, first runs first. Exported for its test. */
export function comparePrintedLines(a: readonly string[], b: readonly string[], tolerance: number | null): AbDocument['outputs'] {
  const [left, right] = [steadyLines(a), steadyLines(b)]
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, line) => line)
  const compared = lines.flatMap((line) => {
    const [one, other] = [left[line], right[line]]
    if (one === null || other === null) return []
    return [{ line, one, other, ...compareValues(printedValue(one), printedValue(other), { tolerance, sameLanguage: true }) }]
  })
  const sum = sumComparisons(compared)
  const differences = compared.flatMap(({ agreement, line, one = '', other = '' }) =>
    agreement === 'different'
      ? [{ sample: 0, path: `line ${line + 1}`, reason: `'${one.slice(0, 60)}' and '${other.slice(0, 60)}'` }]
      : [],
  )
  const isSilent = [...a, ...b].every((text) => text.trim() === '')
  const varying = left.length - left.filter((line) => line !== null).length
  return {
    ...sum,
    agreement: isSilent && differences.length === 0 ? 'not-comparable' : sum.agreement,
    samples: 1,
    differingSamples: differences.length > 0 ? 1 : 0,
    sameChoice: null,
    farPixels: null,
    differences: differences.slice(0, 5),
    notes: [
      ...(isSilent ? ['neither prints anything'] : []),
      ...(varying > 0 ? [`${varying} of ${left.length} printed lines change from run to run, and are not compared`] : []),
    ],
    repeats: { a: left.every((line) => line !== null), b: right.every((line) => line !== null) },
  }
}

/** null if runs of one script print different lines at one place. */
function steadyLines(runs: readonly string[]): (string | null)[] {
  const all = runs.map((text) => text.replace(/\r\n/g, '\n').trimEnd().split('\n'))
  const longest = Math.max(...all.map(({ length }) => length))
  return Array.from({ length: longest }, (_, line) => {
    const first = all[0]![line]
    return first !== undefined && all.every((lines) => lines[line] === first) ? first : null
  })
}

const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g

/** A line that was printed: its text, and its numbers, each by itself. */
const printedValue = (line: string | undefined): Encoded =>
  encodeValue(line && { text: line.replace(NUMBER, '#'), numbers: { ...line.match(NUMBER)?.map(Number) } })
