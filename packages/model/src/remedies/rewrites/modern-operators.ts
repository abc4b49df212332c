// Operators that ONNX has given up, which converters from CoreML and old exporters still write, by those that took over. The engine runs
// both, but fuses, lays out and folds only the new ones, and so do the remedies here. What the old ones compute:
// onnxruntime/core/graph/contrib_ops/contrib_defs.cc (Affine, Crop, ImageScaler, ParametricSoftplus, ScaledTanh), and for Upsample
// https://github.com/onnx/onnx/blob/main/docs/Changelog.md#Upsample-9

import { floatTensor, node } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { raiseOpset } from '@whyslow/graph/raise-opset.ts'
import { countByOperator } from '@whyslow/graph/rewrite/bypass.ts'
import {
  attributeOf,
  intsOf,
  isOperator,
  type Matching,
  numberOf,
  type Replacement,
  rewriteGraphs,
} from '@whyslow/graph/rewrite/match.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'

const LEAST_OPSET = 7
/** Since the next one, none of them exists. */
const LAST_OPSET = 9
/** Resize as it has been since: with a way of laying pixels that has a name, and no region of interest. */
const RESIZE_OPSET = 13
/** The end of a Slice: all that there is. */
const TO_THE_END = 2 ** 31 - 1

export const modernOperators = defineRemedy({
  id: 'modern-operators',
  title: 'Operators that ONNX has given up, by those that took over',
  treats: ['layout-conversions', 'unfused-operators', 'unfused-elementwise', 'memory-bound-operators'],
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup) {
    const rewritten = rewriteGraphs(setup.model, replacements)
    const resized = withResize(rewritten?.model ?? setup.model)
    const nodes = [...(rewritten?.replaced.flatMap(({ parts }) => parts) ?? []), ...(resized?.nodes ?? [])]
    if (nodes.length === 0) return []
    const raised = resized === undefined ? '' : `, written for opset ${RESIZE_OPSET}`
    return rewriteProposal(setup, {
      model: resized?.model ?? rewritten!.model,
      changes: [`${countByOperator(nodes)} by operators that took over${raised}`],
      // Those that took over take time, too.
      predictedSavingMs: null,
    })
  },
})

/** Resize took over from Upsample with a new opset: the whole model is written for it. */
function withResize(model: Model): { readonly model: Model; readonly nodes: readonly NodeProto[] } | undefined {
  const nodes = nodesOf(model.proto).filter((one) => isOperator(one, 'Upsample'))
  const raised = nodes.length === 0 ? undefined : raiseOpset(model, RESIZE_OPSET).model
  return raised === undefined || raised === model ? undefined : { model: raised, nodes }
}

interface Site {
  readonly one: NodeProto
  readonly fresh: (hint: string) => string
}

interface Modern {
  readonly nodes: readonly NodeProto[]
  readonly initializers: readonly TensorProto[]
}

function replacements(matching: Matching, fresh: (hint: string) => string): readonly Replacement[] {
  if (matching.opset < LEAST_OPSET || matching.opset > LAST_OPSET) return []
  return matching.graph.node.flatMap((one) => {
    const modern = isOperator(one, one.opType) ? MODERN[one.opType]?.({ one, fresh }) : undefined
    return modern === undefined
      ? []
      : [{ parts: [one], remove: new Set([one]), add: modern.nodes, addInitializers: modern.initializers }]
  })
}

/** `border`: left, top, right, bottom; `scale`, where given: height and width left behind top and left. */
function crop({ one, fresh }: Site): Modern | undefined {
  const [left, top, right, bottom] = intsOf(one, 'border') ?? []
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) return undefined
  const size = intsOf(one, 'scale')
  const fromEnd = (cut: number): number => (cut === 0 ? TO_THE_END : -cut)
  const ends = size?.length === 2 ? [top + size[0]!, left + size[1]!] : [fromEnd(bottom), fromEnd(right)]
  const bounds = { starts: [top, left], ends, axes: [2, 3] }
  const head = { opType: 'Slice', name: one.name || fresh(`${one.output[0]}_slice`) }
  return { nodes: [node(head, [one.input[0]!], [one.output[0]!], bounds)], initializers: [] }
}

type Step = readonly ['Mul' | 'Add', TensorProto] | readonly ['Tanh' | 'Softplus']

/** One after the other, from the node's input to its output. */
function steps({ one, fresh }: Site, list: readonly Step[]): Modern {
  const names = list.map((_, k) => (k === list.length - 1 ? one.output[0]! : fresh(`${one.output[0]}_${k}`)))
  const nodes = list.map(([opType, operand], k) => {
    const from = k === 0 ? one.input[0]! : names[k - 1]!
    const head = { opType, name: fresh(`${one.name || one.output[0]}_${opType}`) }
    return node(head, operand === undefined ? [from] : [from, operand.name], [names[k]!])
  })
  return { nodes, initializers: list.flatMap(([, operand]) => operand ?? []) }
}

const numberAs = ({ one, fresh }: Site, name: string, otherwise: number): TensorProto =>
  floatTensor(fresh(`${one.output[0]}_${name}`), [], [numberOf(one, name, otherwise)])

/** A factor, then a sum by channel. */
function imageScaler(site: Site): Modern | undefined {
  const bias = attributeOf(site.one, 'bias')
  if (!Array.isArray(bias) || !bias.every((value) => typeof value === 'number')) return undefined
  const shift = floatTensor(site.fresh(`${site.one.output[0]}_bias`), [bias.length, 1, 1], bias)
  const sum: Step = ['Add', shift]
  return steps(site, numberOf(site.one, 'scale', 1) === 1 ? [sum] : [['Mul', numberAs(site, 'scale', 1)], sum])
}

const MODERN: Readonly<Record<string, (site: Site) => Modern | undefined>> = {
  Crop: crop,
  ImageScaler: imageScaler,
  Affine: (site) =>
    steps(site, [
      ['Mul', numberAs(site, 'alpha', 1)],
      ['Add', numberAs(site, 'beta', 0)],
    ]),
  ScaledTanh: (site) =>
    hasBoth(site) ? steps(site, [['Mul', numberAs(site, 'beta', 1)], ['Tanh'], ['Mul', numberAs(site, 'alpha', 1)]]) : undefined,
  ParametricSoftplus: (site) =>
    hasBoth(site)
      ? steps(site, [['Mul', numberAs(site, 'beta', 1)], ['Softplus'], ['Mul', numberAs(site, 'alpha', 1)]])
      : undefined,
}

/** These have no default that all engines agree on. */
const hasBoth = ({ one }: Site): boolean => ['alpha', 'beta'].every((name) => attributeOf(one, name) !== undefined)
