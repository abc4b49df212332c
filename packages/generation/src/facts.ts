// What rules of generation look at: what `whyslow generate` measured, as its document has it, and what only rules need of the model's files
// and of the run. Plain data; what is not known is left out, and `absent` says why. Times are milliseconds, sizes bytes, counts tokens.
import type { WithAbsent } from '@whyslow/diagnosis/rule.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import type { DetokenizeFact } from './generator.ts'

/** One matrix of weights that each token is multiplied by, with the node that reads it. An embedding table of which one row is read is none. */
export interface WeightFact {
  /** Name of the node, or of the tensor in a GGUF file. */
  readonly node: string
  /** 'MatMul', 'Gemm', 'MatMulNBits' …; of a GGUF file 'tensor'. */
  readonly operator: string
  /** `head`: gives the logits. */
  readonly role: 'head' | 'body'
  /** Type of its elements: 'float32', 'float16', 'bfloat16', 'int8', 'int4', 'int2', or GGUF's name, as in 'Q4_1'. */
  readonly dtype: string
  readonly elements: number
  /** Bytes read for each token, scales and zero points included. */
  readonly bytes: number
  /** Bytes of these that are scales and zero points; null: not known. */
  readonly scaleBytes: number | null
  /** Elements that share one scale; null: not quantized by blocks. */
  readonly blockSize: number | null
  /** Attribute accuracy_level of MatMulNBits; null: absent, or another operator. */
  readonly accuracyLevel: number | null
  /** Time of its node in one decode step, from the engine's profile; null: not profiled. */
  readonly decodeMs: number | null
}

/**
 * Bytes of weights a second, scales included, at which this engine's own kernels multiply, measured, by type; a type without a kernel is absent.
 * 'int4 in float32': by the kernel for an accuracy_level below that of int8, where the model has such nodes.
 */
export type KernelRates = Readonly<Record<string, number>>

/** What a model's graph says that is no weight; an engine's own format says less. */
export interface GraphFact {
  /** How the cache goes through the graph; `none`: it has no inputs and outputs for one. `in-place`: attention writes into what it reads, and nothing is copied. */
  readonly cache: 'none' | 'concatenated' | 'shared-buffer' | 'in-place'
  /** A node that copies the cache, as in '/model/layers.0/attn/Concat'. */
  readonly cacheNode: string | null
  /** Positions whose logits a prefill computes; `selectable`: by an input such as num_logits_to_keep. */
  readonly logits: 'all' | 'last' | 'selectable'
  readonly headNode: string | null
  /** Float16 values cast to float32 and back when a CPU runs it: how many nodes, and their time in a decode step (null: not profiled). */
  readonly casts: { readonly nodes: number; readonly decodeMs: number | null; readonly node: string | null }
  /** Nodes that each step computes of constants alone, such as weights that are dequantized again; null: not profiled. */
  readonly constantWork: { readonly nodes: number; readonly decodeMs: number; readonly node: string | null } | null
  /** Outputs of each decode step that stay the same, such as the cross-attention keys of an encoder–decoder; bytes of one step, null: not known. */
  readonly constantOutputs: { readonly names: readonly string[]; readonly bytes: number | null }
  /** Nodes that move or turn keys and values of an encoder at each step, and one of them; ms null: not profiled. */
  readonly crossCopies: { readonly nodes: number; readonly decodeMs: number | null; readonly node: string | null }
}

/** What a call's prompt is made of. */
export interface PromptFact {
  /** Positions that were fed, and those of them that are padding. */
  readonly fedTokens: number
  readonly paddingTokens: number
  /** The file and line, or the setting, that pads; null: not known. */
  readonly place: string | null
}

/** Two prompts that the user sends one after the other, or turns of one conversation. */
export interface PrefixFact {
  /** Tokens of the later one. */
  readonly tokens: number
  /** Tokens at its beginning that the earlier one begins with, too. */
  readonly commonTokens: number
  /** Tokens of it that the earlier one holds anywhere, in the same order of eight and more. */
  readonly alikeTokens: number
  /** Tokens of it that the engine took from its cache; null: it does not say. */
  readonly cachedTokens: number | null
  /** The text where they first differ, of both; null: no tokenizer, or they do not differ. */
  readonly different: readonly [earlier: string, later: string] | null
}

export interface ThreadsFact {
  /** null: the engine's default. */
  readonly threads: number | null
  readonly tokenMs: number
  readonly firstTokenMs: number
}

/** What the caller's own options were, as far as they cost time. */
export interface OptionsFact {
  /** Beams of a caller who does not say how many. */
  readonly beams: number
  /** Beams that the measured calls searched. */
  readonly searched: number
  /** Who chose the number of beams, as in 'generation_config.json'. */
  readonly beamsFrom: string | null
  /** Elements of the cache's buffer that the engine goes through at each token, in tokens; null: as many as are filled. */
  readonly cacheCapacity: number | null
  readonly capacityFrom: string | null
}

export interface OpeningFact {
  /** Times the model, or its context, was opened for each call. */
  readonly opensPerCall: number
  readonly openMs: number
  /** As a server reports it, as in 'load_duration'; file:line of a program; null: not known. */
  readonly place: string | null
}

/** Draft tokens that the model checks together. */
export interface SpeculationFact {
  /** 0: no tokens are guessed. */
  readonly draftTokens: number
  /** Share of the draft tokens that were right. */
  readonly acceptance: number
  /** Time of drafting one token over the time of one token of the model. */
  readonly draftCost: number
  /** Time of a token without it, measured; absent: not measured. */
  readonly withoutMs?: number
}

export interface EventLoopFact {
  /** Share of the time in which the loop of the caller's thread was busy. */
  readonly utilization: number
  /** Longest time that a timer waited. */
  readonly longestDelayMs: number
}

/** Pages read from the disk by the first call of a process, and by a later one. */
export interface FaultsFact {
  readonly firstCall: number
  readonly laterCall: number
}

/** Calls at the same time, as a server answers them. */
export interface TogetherFact {
  readonly clients: number
  readonly firstTokenMs: number
  readonly tokenMs: number
}

/** The encoder of an encoder–decoder, over one call. */
export interface EncoderFact {
  readonly ms: number
  readonly runs: number
  /** Inputs that differ, such as windows of audio; more runs are of the same input. */
  readonly windows: number
  /** Positions that it was given, and those that hold nothing: silence that fills the window, or padding. */
  readonly positions: number
  readonly emptyPositions: number
  /** Length of one position, as of a frame of audio; null: they are tokens. */
  readonly positionMs: number | null
}

/** What rules want apart from the document; gathered by `generate` as far as the model and the engine show it. */
export interface GenerationFacts {
  readonly weights?: readonly WeightFact[]
  readonly kernelRates?: KernelRates
  readonly graph?: GraphFact
  readonly prompt?: PromptFact
  readonly prefix?: PrefixFact
  readonly threads?: readonly ThreadsFact[]
  /** The engine may have other threads for the prompt than for tokens. */
  readonly threadsApart?: boolean
  readonly options?: OptionsFact
  readonly detokenize?: DetokenizeFact
  readonly opening?: OpeningFact
  readonly speculation?: SpeculationFact
  readonly eventLoop?: EventLoopFact
  readonly faults?: FaultsFact
  readonly together?: TogetherFact
  readonly encoder?: EncoderFact
}

type Measured = Pick<GenerationDocument, 'model' | 'engine' | 'machine' | 'setup' | 'speed'>
type Curves = {
  readonly [K in 'depthLine' | 'severalTokens' | 'tokenParts' | 'firstTokenParts' | 'floor']?: NonNullable<GenerationDocument[K]>
}

/** Everything that a rule may look at. */
export interface GenerationEvidence extends WithAbsent, Measured, Curves, GenerationFacts {}

/** What `generate` has once all is measured. `absent`: why a fact is not there, by its name. */
export interface GenerationOutcome extends Measured, GenerationFacts {
  readonly depthLine: GenerationDocument['depthLine']
  readonly severalTokens: GenerationDocument['severalTokens']
  readonly tokenParts: GenerationDocument['tokenParts']
  readonly firstTokenParts: GenerationDocument['firstTokenParts']
  readonly floor: GenerationDocument['floor']
  readonly reasons: GenerationDocument['reasons']
  readonly absent?: Readonly<Record<string, string>>
}

const ABSENT: Readonly<Record<keyof GenerationFacts | keyof Curves, string>> = {
  depthLine: 'this engine cannot start at a depth, so that time per token over the context is not known',
  severalTokens: 'this engine does not feed several tokens at once',
  tokenParts: 'this engine does not show what a token consists of',
  firstTokenParts: 'this engine does not show what the first token consists of',
  floor: 'the bytes that a token reads are not known, so that there is no floor',
  weights: 'the weights behind this engine are not known by node',
  kernelRates: "the engine's kernels for other types of weights were not timed",
  graph: 'the model is not an ONNX graph that whyslow reads',
  prompt: 'how many positions of the prompt are padding is not known',
  prefix: 'needs two prompts in a row: give --prompts',
  threads: 'other numbers of threads were not measured',
  threadsApart: 'whether the prompt may have threads of its own is not known',
  options: "this engine does not report the caller's options",
  detokenize: 'the engine does not make text of ids one by one in this process',
  opening: 'the engine does not report when it opens the model',
  speculation: 'the engine does not report how many guessed tokens were right',
  eventLoop: 'the engine does not run in a Node process that whyslow started',
  faults: 'this system counts no page faults of the process',
  together: 'one request was sent at a time; `whyslow load` sends several',
  encoder: 'the model has no encoder that whyslow runs',
}

/** What was measured, as rules see it: null is undefined, with the reason. */
export function generationEvidence({ reasons, absent = {}, ...outcome }: GenerationOutcome): GenerationEvidence {
  const known = Object.fromEntries(Object.entries(outcome).filter(([, value]) => value !== null && value !== undefined))
  return { ...(known as Omit<GenerationEvidence, 'absent'>), absent: { ...ABSENT, ...reasons, ...absent } }
}
