// What chains of trivial nodes cost on a scripted engine: so much a node without the profiler, and what the profiler adds.

import { type ChainKind, nodesPerLink } from '../../../../src/chain-models.ts'
import type { EngineScript, Opened, ScriptedSpan } from '../../engines/example-engine.ts'

export const PLAIN_US: Readonly<Record<ChainKind, number>> = { unary: 20, wide: 30, varied: 40 }
export const PROFILER = { fixedUs: 50, perTensorUs: 2, betweenUs: 7 }
/** Inputs and outputs of a node. */
const TENSORS: Readonly<Record<ChainKind, readonly [number, number]>> = { unary: [1, 1], wide: [8, 1], varied: [2, 1] }
/** A round of a Loop, without its two nodes. */
export const BODY_US = 11

/** Of a file that profile/chains.ts writes, µs in all; undefined of another. */
export function chainUs({ file, options }: Opened): number | undefined {
  const [, rounds] = /^loop-(\d+)\.onnx$/.exec(file) ?? []
  if (rounds !== undefined) return Number(rounds) * (BODY_US + 2 * PLAIN_US.unary)
  const [, kind, links] = (/^chain-(\w+)-(\d+)\.onnx$/.exec(file) ?? []) as [string?, ChainKind?, string?]
  if (kind === undefined) return undefined
  const nodes = Number(links) * nodesPerLink(kind)
  return nodes * (options.profilePrefix === undefined ? PLAIN_US[kind] : spanUs(kind) + PROFILER.betweenUs)
}

const spanUs = (kind: ChainKind): number =>
  PLAIN_US[kind] + PROFILER.fixedUs + PROFILER.perTensorUs * (TENSORS[kind][0] + TENSORS[kind][1])

export const chainSpans: NonNullable<EngineScript['spans']> = ({ file }) => {
  const [, kind, links] = (/^chain-(\w+)-(\d+)\.onnx$/.exec(file) ?? []) as [string?, ChainKind?, string?]
  if (kind === undefined) return []
  const span: ScriptedSpan = { name: 'node', opType: 'Neg', us: spanUs(kind), tensors: TENSORS[kind] }
  return Array(Number(links) * nodesPerLink(kind)).fill(span)
}
