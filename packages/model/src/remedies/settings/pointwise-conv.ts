// A 1x1 convolution in the engine's blocked layout adds up its input channels in passes of 128 by default; each pass reads and writes
// the output once more. Larger passes save that traffic as long as their weights stay in the cache.
// onnxruntime core/mlas/lib/snchwc.cpp, MLAS_NCHWC_CONV_POINTWISE_ALGORITHM
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { blockedWeight, timeShare } from '../kit/executed-graph.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { proposeEntries } from '../kit/session-options.ts'

const KEY = 'mlas.nchwc_pointwise_conv_max_input_channel_batch'
const DEFAULT = 128
const CANDIDATES = [256, 512, 1024]
/** Least share of the nodes' time: with less, even a kernel twice as fast would not be seen. */
const MIN_SHARE = 0.1

export const pointwiseConv = defineRemedy({
  id: 'pointwise-conv',
  title: 'Add up more channels of 1x1 convolutions at once',
  treats: ['compute-bound-operators', 'memory-bound-operators'],
  effect: 'rounding',
  kind: 'settings',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    if (evidence.profile === undefined) return []
    const channels = channelsOfPointwise(evidence.profile)
    const most = Math.max(0, ...channels)
    // A pass that holds all channels already is the last that differs.
    const enough = CANDIDATES.findIndex((candidate) => candidate >= most)
    const candidates = most <= DEFAULT ? [] : CANDIDATES.slice(0, enough === -1 ? CANDIDATES.length : enough + 1)
    return candidates.flatMap((size) =>
      proposeEntries(
        setup,
        evidence,
        { [KEY]: String(size) },
        { variant: String(size), why: `1x1 convolutions add up ${size} channels in a pass instead of ${DEFAULT}` },
      ),
    )
  },
})

/** Input channels of 1x1 convolutions in the blocked layout with more than one pass; empty if they take too little time. */
function channelsOfPointwise(profile: Profile): number[] {
  const channelsOf = (node: ProfiledNode): number => {
    const [, channels, height, width] = blockedWeight(profile, node) ?? []
    return channels !== undefined && height === 1 && width === 1 ? channels : 0
  }
  if (timeShare(profile, (node) => channelsOf(node) > DEFAULT) < MIN_SHARE) return []
  return profile.nodes.map(channelsOf).filter((channels) => channels > DEFAULT)
}
