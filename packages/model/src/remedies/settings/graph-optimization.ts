// How far the engine optimizes the graph, and single optimizers left out. All of it is fastest on most models; on some, the blocked
// layout or a fused kernel is slower than what it replaces. What the profile shows decides what is worth a try.
// https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html

import { nodesOf } from '@whyslow/graph/walk.ts'
import { includesLevel, optimizers } from '@whyslow/measure/engines/onnxruntime/facts/optimizers.ts'
import type { GraphOptimization } from '@whyslow/measure/engines/types.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { blockedWeight, groupsOf, isBlocked, someNode, timeShare } from '../kit/executed-graph.ts'
import { defineRemedy, type Proposal, predictedSaving, type RemedyEvidence, type RemedySetup } from '../kit/remedy.ts'
import { readsKeys, withOptions } from '../kit/session-options.ts'

const DISABLED = 'optimization.disable_specified_optimizers'
const SEPARATOR = ';'
/** Below a tenth of the time, not even a kernel twice as fast would be seen. */
const MIN_SHARE = 0.1
/** Reorders and transposes compute nothing: a twentieth of the time is worth a try. */
const MIN_MOVING_SHARE = 0.05
/** Width from which a kernel of the blocked layout can lose to a matrix product (onnxruntime pull request 27248). */
const LARGE_KERNEL = 5

interface Suspect {
  readonly optimizer: string
  readonly minShare: number
  /** The nodes that it made, and that may be slower than what they replaced. */
  readonly made: (node: ProfiledNode, profile: Profile) => boolean
  /** The operator that only it makes, where that tells whether it was left out. */
  readonly opType?: string
}

const makes = (optimizer: string, ...opTypes: readonly [string, ...string[]]): Suspect => ({
  optimizer,
  minShare: MIN_SHARE,
  made: ({ opType, domain }) => domain === 'com.microsoft' && opTypes.includes(opType),
  opType: opTypes[0],
})

const SUSPECTS: readonly Suspect[] = [
  { optimizer: 'TransposeOptimizer', minShare: MIN_MOVING_SHARE, made: ({ opType }) => opType === 'Transpose' },
  { optimizer: 'MatMulAddFusion', minShare: MIN_SHARE, made: ({ opType, domain }) => opType === 'Gemm' && domain === '' },
  makes('MatmulTransposeFusion', 'FusedMatMul'),
  makes('GemmActivationFusion', 'FusedGemm'),
  makes('DynamicQuantizeMatMulFusion', 'DynamicQuantizeMatMul'),
  makes('MatMulIntegerToFloatFusion', 'MatMulIntegerToFloat'),
  makes('AttentionFusion', 'Attention'),
  makes('BiasGeluFusion', 'BiasGelu'),
  makes('QuickGeluFusion', 'QuickGelu'),
]

const LEVELS: readonly GraphOptimization[] = ['all', 'extended', 'basic', 'disabled']

export const graphOptimization = defineRemedy({
  id: 'graph-optimization',
  title: 'Optimize the graph to another extent',
  treats: ['graph-optimization-off', 'layout-conversions', 'unfused-operators'],
  effect: 'rounding',
  kind: 'settings',
  goals: ['latency', 'throughput', 'load-time'],
  apply(setup, evidence) {
    const now = setup.options.graphOptimization
    const levels = LEVELS.filter((level) => level !== now && isWorthATry(level, setup, evidence))
    return [
      ...withoutOptimizers(setup, evidence),
      ...levels.map((level): Proposal => {
        // Blocked nodes come from the last level: below it there are none.
        const took = level === 'all' || hasBlocked(setup) ? undefined : noBlocked
        return {
          variant: level,
          setup: withOptions(setup, { graphOptimization: level }),
          changes: [`graph optimization '${level}' instead of '${now}'`],
          predictedSavingMs:
            includesLevel(level, now) && level === 'all' ? predictedSaving(['graph-optimization-off'], evidence) : null,
          ...(took === undefined ? {} : { took }),
        }
      }),
    ]
  },
})

/** More is always tried; less where it takes out something that the profile shows, or where loading is what must be faster. */
function isWorthATry(level: GraphOptimization, setup: RemedySetup, { goal, profile }: RemedyEvidence): boolean {
  if (includesLevel(level, setup.options.graphOptimization)) return true
  if (level === 'disabled') return goal === 'load-time'
  if (goal === 'load-time') return true
  // Without a profile it is not known what the levels did.
  if (profile === undefined) return true
  const own = operatorsIn(setup)
  const comesFrom = (node: ProfiledNode) => !own.has(`${node.domain}:${node.opType}`)
  if (level === 'extended') return profile.nodes.some((node) => isBlocked(node) && comesFrom(node))
  return profile.nodes.some(
    (node) => (node.domain === 'com.microsoft' || /^QLinear|Integer/.test(node.opType)) && comesFrom(node),
  )
}

function withoutOptimizers(setup: RemedySetup, evidence: RemedyEvidence): Proposal[] {
  const { profile } = evidence
  if (profile === undefined || !readsKeys(evidence, [DISABLED])) return []
  const already = (setup.options.configEntries[DISABLED] ?? '').split(SEPARATOR).filter((name) => name !== '')
  const own = operatorsIn(setup)
  const level = setup.options.graphOptimization
  const runs = (name: string) =>
    includesLevel(level, optimizers.find((one) => one.name === name)!.level) && !already.includes(name)
  const leaveOut = (name: string, took?: Proposal['took']): Proposal => ({
    variant: `without-${name}`,
    setup: withOptions(setup, {}, { [DISABLED]: [...already, name].join(SEPARATOR) }),
    changes: [`the graph optimizer ${name} is left out`],
    predictedSavingMs: null,
    ...(took === undefined ? {} : { took }),
  })
  const blocked = runs('NchwcTransformer') && !hasBlocked(setup) && isBlockedSuspect(profile)
  const suspects = SUSPECTS.filter(
    ({ optimizer, minShare, made, opType }) =>
      runs(optimizer) &&
      // What the model holds itself does not come from an optimizer.
      !(opType !== undefined && own.has(`com.microsoft:${opType}`)) &&
      !(optimizer === 'MatMulAddFusion' && !own.has(':MatMul')) &&
      timeShare(profile, (node) => made(node, profile)) >= minShare,
  )
  return [
    ...(blocked ? [leaveOut('NchwcTransformer', noBlocked)] : []),
    ...suspects.map(({ optimizer, opType }) =>
      leaveOut(
        optimizer,
        opType === undefined ? undefined : (graph) => !someNode(graph, (node) => node.opType === opType && node.domain !== ''),
      ),
    ),
  ]
}

/** Reorders take a noticeable share, or convolutions do that the blocked layout does not suit: large kernels, depthwise. */
function isBlockedSuspect(profile: Profile): boolean {
  const reorders = timeShare(profile, ({ opType }) => opType === 'ReorderInput' || opType === 'ReorderOutput')
  const unsuited = timeShare(profile, (node) => {
    const weight = blockedWeight(profile, node)
    if (weight === undefined) return false
    const [, , height, width] = weight
    return Math.max(height!, width!) >= LARGE_KERNEL || (weight[1] === 1 && groupsOf(profile, node) > 1)
  })
  return reorders >= MIN_MOVING_SHARE || unsuited >= MIN_SHARE
}

const noBlocked: Proposal['took'] = (graph) => !someNode(graph, isBlocked)

/** True where the model itself was saved in the blocked layout. */
const hasBlocked = ({ model }: RemedySetup): boolean => nodesOf(model.proto).some(isBlocked)

/** 'domain:operator' of the model as it is given. */
const operatorsIn = ({ model }: RemedySetup): ReadonlySet<string> =>
  new Set(nodesOf(model.proto).map(({ domain, opType }) => `${domain === 'ai.onnx' ? '' : domain}:${opType}`))
