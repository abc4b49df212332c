// The test helper of remedies: rewrites a decoder that was written of weights drawn from a seed, and compares its logits with those that it gave
// before, for a prompt in one call and for tokens one by one.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { modelInMemory, writeModel } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import type { ModelProto } from 'onnx-buf'
import { expect } from 'vitest'
import { openOrtGenerator } from '../../src/engines/ort-cpu.ts'
import { decoderLayout } from '../../src/recognize/layout.ts'
import type { DecoderRewrite, GeneratorRemedy, RemedyTarget, RemedyTools } from '../../src/remedies/kit/remedy.ts'
import { plainOptions } from './plain-options.ts'

export const tools: RemedyTools = { evaluate: (model, feeds) => runModel(model, feeds) }

export function targetOf(model: Model, context: number | null = 64): RemedyTarget {
  const { inputs, outputs } = viewGraph(model)
  return { model, layout: decoderLayout(inputs, outputs)!, context }
}

export const decoderTarget = (proto: ModelProto, context: number | null = 64): RemedyTarget =>
  targetOf(modelInMemory(proto), context)

/** The decoder rewritten. Throws the reason if the remedy does not apply, and if what it gives is no valid model. */
export async function applied(
  remedy: GeneratorRemedy,
  target: RemedyTarget,
  variant = remedy.variants[0]!,
  given: RemedyTools = tools,
): Promise<DecoderRewrite> {
  expect(remedy.applies(target)).toBe(true)
  const before = writeModel(target.model.proto)
  const rewritten = await remedy.rewrite(target, variant, given)
  if (typeof rewritten === 'string') throw new Error(rewritten)
  expect(rewritten.changes.length).toBeGreaterThan(0)
  for (const { proto } of [rewritten.model, rewritten.prefill ?? rewritten.model]) expect(problemsOf(proto)).toEqual([])
  // What was given is unchanged.
  expect(Buffer.compare(writeModel(target.model.proto), before)).toBe(0)
  return rewritten
}

/** Ids of a text of `length` tokens. */
export const someIds = (length: number, vocabulary: number): number[] =>
  Array.from({ length }, (_, k) => (k * 7 + 3) % vocabulary)

/** Logits after a prompt fed at once, or after each of its tokens, and after each token that follows. */
export async function logitsAfter(
  model: Model,
  ids: readonly number[],
  prompt: number,
  rowsOf: 'last' | 'all' = 'last',
): Promise<readonly Float32Array[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-remedy-'))
  try {
    const file = path.join(folder, 'model.onnx')
    fs.writeFileSync(file, writeModel(model.proto))
    const generator = await openOrtGenerator(file, plainOptions)
    const sequence = generator.start!()
    const rows = [(await sequence.feed(ids.slice(0, prompt), rowsOf)).logits.slice()]
    for (const id of ids.slice(prompt)) rows.push((await sequence.feed([id], 'last')).logits.slice())
    sequence.close()
    await generator.close()
    return rows
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Root mean square of the differences, as share of that of the first. */
export function meanOff(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(b.map(({ length }) => length)).toEqual(a.map(({ length }) => length))
  const squares = (values: readonly number[]) => Math.sqrt(values.reduce((sum, one) => sum + one * one, 0))
  return squares(a.flatMap((row, at) => [...row].map((one, k) => one - b[at]![k]!))) / squares(a.flatMap((row) => [...row]))
}

/** Largest difference of two logits, as share of the root mean square of the first. */
export function largestOff(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(b.map(({ length }) => length)).toEqual(a.map(({ length }) => length))
  const all = a.flatMap((row) => [...row])
  const rms = Math.sqrt(all.reduce((sum, one) => sum + one * one, 0) / all.length)
  return Math.max(...a.map((row, at) => row.reduce((most, one, k) => Math.max(most, Math.abs(one - b[at]![k]!)), 0))) / rms
}

/** How far the logits of a remedied decoder are from those that it gave before. */
export async function offBy(
  remedy: GeneratorRemedy,
  target: RemedyTarget,
  variant = remedy.variants[0]!,
  given: RemedyTools = tools,
  off = largestOff,
): Promise<number> {
  const { model } = await applied(remedy, target, variant, given)
  const vocabulary = target.layout.logits.shape!.at(-1) as number
  const ids = someIds(9, vocabulary)
  return off(await logitsAfter(target.model, ids, 5), await logitsAfter(model, ids, 5))
}

export const operatorsOf = ({ proto }: Model): string[] => proto.graph!.node.map(({ opType }) => opType)
