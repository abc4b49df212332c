// What is quantized is the model as the engine would run it: weights that are constants, no training leftovers, and BatchNormalization
// inside the convolutions. The engine does this itself in float, and cannot any more once the weights are int8.
import type { Model } from '@whyslow/graph/model.ts'
import type { RemedyEvidence, RemedySetup, RemedyTools } from '../../remedies/kit/remedy.ts'
import { cancellingPairs } from '../../remedies/rewrites/cancelling-pairs.ts'
import { convBatchnorm } from '../../remedies/rewrites/conv-batchnorm.ts'
import { initializersAsInputs } from '../../remedies/rewrites/initializers-as-inputs.ts'
import { trainingLeftovers } from '../../remedies/rewrites/training-leftovers.ts'

/** Remedies in this order: each clears the way for the next. */
export const PREPARATION = [initializersAsInputs, trainingLeftovers, cancellingPairs, convBatchnorm]

/** The model given if nothing is to be done. */
export async function prepareModel(
  model: Model,
  setup: RemedySetup,
  evidence: RemedyEvidence,
  tools: RemedyTools,
): Promise<Model> {
  let current: RemedySetup = { ...setup, model }
  for (const remedy of PREPARATION) {
    const [proposal] = await remedy.apply(current, evidence, tools)
    if (proposal !== undefined) current = proposal.setup
  }
  return current.model
}
