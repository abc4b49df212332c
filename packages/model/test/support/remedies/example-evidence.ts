// Evidence and setups for tests of remedies, so that a case shows only what matters to it.

import { modelInMemory } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { RemedyEvidence, RemedySetup } from '../../../src/remedies/kit/remedy.ts'

export type EvidenceOverrides = Omit<Partial<RemedyEvidence>, 'constraints'> & {
  readonly constraints?: Partial<RemedyEvidence['constraints']>
}

/** A prediction of 10 ms with onnxruntime-node on four quiet CPUs; nothing found, no constraints. */
export function exampleEvidence(overrides: EvidenceOverrides = {}): RemedyEvidence {
  const { constraints, ...given } = overrides
  return {
    goal: 'latency',
    engine: { id: 'ort-cpu', version: '1.30.0' },
    offers: ['configuration', 'direct-call', 'reused-outputs'],
    threadsInUse: 4,
    usableCpus: 4,
    instructionSets: ['avx2', 'fma'],
    p50Ms: 10,
    findings: [],
    inputs: [],
    outputs: [],
    ...given,
    constraints: { fixShapes: false, outputs: null, maxLoss: null, ...constraints },
  }
}

export type SetupOverrides = Omit<Partial<RemedySetup>, 'model' | 'options'> & { readonly options?: Partial<EngineOptions> }

/** The model with the engine's defaults, on one thread so that sums are added in one order. */
export function exampleSetup(proto: Model | Model['proto'], overrides: SetupOverrides = {}): RemedySetup {
  const { options, ...given } = overrides
  return {
    model: 'proto' in proto ? proto : modelInMemory(proto),
    batchFactor: 1,
    machineBound: false,
    ...given,
    options: {
      threads: 1,
      graphOptimization: 'all',
      executionMode: 'sequential',
      configEntries: {},
      packageFrom: null,
      ...options,
    },
  }
}
