// The graph as the engine optimizes it, saved, so that it need not do so at every load. `basic` keeps to ONNX's own operators;
// `extended` uses the engine's (com.microsoft); `all` is loaded without any further optimization, and may lay weights out for the
// instruction set of this machine (blocked layout).
// https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html#onlineoffline-mode
import type { Model } from '@whyslow/graph/model.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { adoptOptimized, countComputingNodes } from '@whyslow/graph/rewrite/optimized-elsewhere.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import { defineRemedy, type Proposal, type RemedySetup } from '../kit/remedy.ts'

const LEVELS = ['basic', 'extended', 'all'] as const

export const engineOptimized = defineRemedy({
  id: 'engine-optimized',
  title: "The engine's own optimized graph is saved and loaded",
  treats: ['cold-start'],
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['load-time'],
  async apply(setup, _evidence, { optimize }) {
    // What the engine saved for this machine is not optimized again; nor is a graph whose optimization the user turned off.
    if (setup.machineBound || setup.options.graphOptimization === 'disabled') return []
    const proposals: Proposal[] = []
    for (const level of LEVELS) {
      const optimized = await orNothing(() => optimize(setup, level))
      const model = optimized && adoptOptimized(optimized, setup.model)
      if (model === undefined) continue
      if (level === 'all') proposals.push(asTheEngineRunsIt({ ...setup, model }))
      else if (countComputingNodes(model) < countComputingNodes(setup.model)) {
        const nodes = `${count(countComputingNodes(model), 'node')} instead of ${countComputingNodes(setup.model)}`
        proposals.push({
          variant: level,
          setup: { ...setup, model },
          changes: [`graph saved as the engine optimizes it at level ${level}: ${nodes}`],
          predictedSavingMs: null,
        })
      }
    }
    return proposals
  },
})

function asTheEngineRunsIt(setup: RemedySetup): Proposal {
  const machineBound = isMachineBound(setup.model)
  return {
    variant: 'all',
    setup: { ...setup, machineBound, options: { ...setup.options, graphOptimization: 'disabled' } },
    changes: [
      `graph saved as the engine runs it${machineBound ? ' on this machine' : ''}`,
      'graph optimization all -> disabled at load: it is done',
    ],
    predictedSavingMs: null,
  }
}

const PORTABLE_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'])
/** Kernels for integers, and channels-last ones, are chosen by the instruction set. */
const CHOSEN_BY_MACHINE = /^QLinear|^Q[A-Z]|Integer|NBits|Quantize|Nhwc/

/** True where operators are chosen, or weights laid out (domain com.microsoft.nchwc), for this machine's instruction set. */
function isMachineBound({ proto }: Model): boolean {
  return nodesOf(proto).some(({ domain, opType }) => !PORTABLE_DOMAINS.has(domain) || CHOSEN_BY_MACHINE.test(opType))
}

/** If the engine cannot write a level (operators without a saved form), the other levels are still tried. */
async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}
