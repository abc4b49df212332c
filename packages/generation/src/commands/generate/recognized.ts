// What recognition tells `generate` of the thing that was named.
import type { GraphView } from '@whyslow/graph/types.ts'
import type { GenerationModel } from '@whyslow/report/documents/generation.ts'
import type { OptionsFact } from '../../facts.ts'
import type { EncodedInput, GeneratorKind, GeneratorOptions } from '../../generator.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'
import type { StepModel } from './profile-step.ts'

export interface RecognizedSource {
  /** What an engine opens: the path or address as it was named. */
  readonly source: string
  readonly kind: GeneratorKind
  readonly model: GenerationModel
  /** What a caller's options are unless they set them, and the room of the cache; absent: not known. */
  readonly options?: OptionsFact
  /** true: a file of the model makes transformers in Python guess tokens. */
  readonly guesses?: true
  /** The other model that feeds the decoder, as in 'an encoder'; absent: none does. */
  readonly fedBy?: string
  /** What its encoder reads; absent: there is no encoder. */
  readonly reads?: EncodedInput['reads']
  /** The decoder's graph and what one call of it is fed, if it is a graph that is read; else the reason why there is none. */
  readonly step: (options: GeneratorOptions) => Promise<StepGraph | string>
}

export interface StepGraph {
  readonly graph: GraphView
  readonly layout: DecoderLayout
  readonly model: StepModel
  /** Attention can write each cache into the buffer that it reads; absent: it cannot. */
  readonly canBeInPlace?: true
  /** The graph of the first call; absent: the same. */
  readonly first?: Pick<StepGraph, 'graph' | 'model'>
}
