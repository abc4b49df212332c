// What is done with sessions of onnxruntime in another way, in turns, on what the user's code asked: many rows as one batch against one by one,
// a model that is opened once against one that is opened each time.
import fs from 'node:fs'
import type { AlternativeFact } from '../facts.ts'
import { equalOf } from '../turns/compare-values.ts'
import { inTurns } from './in-turns.ts'
import type { StackPlace } from './stack.ts'

/** A tensor of the user's package. */
interface Tensor {
  readonly type: string
  readonly data: ArrayLike<number | bigint> & { readonly length: number; readonly constructor: unknown }
  readonly dims: readonly number[]
}
export type Feeds = Readonly<Record<string, Tensor>>

export interface Handle {
  readonly run: (feeds: Feeds) => Promise<Feeds>
  /** Opens it again. */
  readonly open: () => Promise<{ run(feeds: Feeds): Promise<Feeds>; release?(): Promise<void> }>
  readonly opened: StackPlace | null
  readonly ran: StackPlace | null
  /** Whether it is reopened in the prediction. */
  readonly reopened: boolean
  /** What it was asked in one prediction. */
  readonly asked: Feeds[]
}

const LEAST_ROWS = 4

export async function insteadOfSessions(handles: readonly Handle[]): Promise<readonly AlternativeFact[]> {
  const found: AlternativeFact[] = []
  const batched = handles.find(({ asked, ran }) => ran !== null && asked.length >= LEAST_ROWS)
  const reopened = handles.findLast((one) => one.reopened && one.opened !== null)
  for (const tried of [batched && asBatch(batched), reopened && openedOnce(reopened)]) {
    const one = await tried?.catch(() => null)
    if (one) found.push(one)
  }
  return found
}

async function asBatch({ run, ran, asked }: Handle): Promise<AlternativeFact | null> {
  const names = Object.keys(asked[0]!)
  const isRow = (feeds: Feeds) => names.every((name) => feeds[name]?.dims[0] === 1 && feeds[name].type !== 'string')
  if (names.length === 0 || !asked.every(isRow)) return null
  const oneByOne = async () => {
    const all: Feeds[] = []
    for (const feeds of asked) all.push(await run(feeds))
    return all
  }
  const asOne = () => run(Object.fromEntries(names.map((name) => [name, joined(asked.map((feeds) => feeds[name]!))])))
  const [expected, given] = [await oneByOne(), await asOne()]
  const inRows = Object.keys(given).map((name) => [name, joinedData(expected.map((one) => one[name]!))])
  const equal = equalOf(Object.fromEntries(inRows), dataOf(given))
  const feeds = names.map((name) => `${name}: new ort.Tensor('${asked[0]![name]!.type}', all, [rows.length, …])`).join(', ')
  return {
    ...placeOf(ran!),
    rule: 'sequential-calls',
    now: 'one by one',
    instead: 'as one batch',
    equal,
    on: `${asked.length} runs of one row`,
    code: [`const y = await session.run({ ${feeds} }) // all: the rows one after another`],
    ...(await inTurns(oneByOne, asOne)),
  }
}

function joined(rows: readonly Tensor[]): Tensor {
  const [first] = rows as [Tensor]
  const Kind = first.constructor as new (type: string, data: unknown, dims: readonly number[]) => Tensor
  return new Kind(first.type, joinedData(rows), [rows.length, ...first.dims.slice(1)])
}

const dataOf = (outputs: Feeds) => Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]))

/** The elements of all rows in one array. */
function joinedData(rows: readonly Tensor[]): unknown {
  const [{ data }] = rows as [Tensor]
  if (Array.isArray(data)) return rows.flatMap((row) => Array.from(row.data))
  const Kind = data.constructor as new (length: number) => { set(values: unknown, at: number): void }
  const all = new Kind(rows.length * data.length)
  for (const [at, row] of rows.entries()) all.set(row.data, at * data.length)
  return all
}

async function openedOnce({ run, open, opened, asked }: Handle): Promise<AlternativeFact | null> {
  const again = await open()
  const [feeds] = asked
  const [a, b] = feeds === undefined ? [{}, {}] : await Promise.all([run(feeds), again.run(feeds)])
  const equal = equalOf(dataOf(a), dataOf(b))
  await again.release?.()
  const turns = await inTurns(
    async () => {
      const session = await open()
      await session.release?.()
    },
    () => again,
  )
  const line = lineOf(opened!)
  return {
    ...placeOf(opened!),
    rule: 'model-reloaded-per-call',
    now: 'opened each time',
    instead: 'opened once',
    equal,
    on: feeds === undefined ? 'the same file with the same options' : 'the first input, asked of both',
    code: [`${line ?? 'const session = …'} // once, before the first prediction: in load(), or at the module’s level`],
    ...turns,
  }
}

const placeOf = ({ file, line, function: name }: StackPlace) => ({ file, line, function: name })

function lineOf({ file, line }: StackPlace): string | null {
  try {
    return (
      fs
        .readFileSync(file, 'utf8')
        .split('\n')
        [line - 1]?.replace(/\/\/.*$/, '')
        .trim() || null
    )
  } catch {
    return null
  }
}
