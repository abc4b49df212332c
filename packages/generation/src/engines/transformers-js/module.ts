// What is used of @huggingface/transformers, versions 3 and 4.

export interface TransformersModule {
  readonly env: object
  readonly pipeline: (task: string, model: string, options: object) => Promise<TextPipeline>
  readonly AutoConfig: { from_pretrained(model: string, options: object): Promise<{ readonly is_encoder_decoder?: boolean }> }
  readonly TextStreamer: new (
    tokenizer: Tokenizer,
    options: object,
  ) => {
    put(value: readonly (readonly bigint[])[]): void
    end(): void
    on_finalized_text(text: string, isEnd: boolean): void
  }
  readonly InterruptableStoppingCriteria: new () => { interrupted?: boolean; interrupt(): void }
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => unknown
}

export interface TextPipeline {
  (prompt: string, options: object): Promise<unknown>
  readonly model: TextModel
  /** null: the folder has none. */
  readonly tokenizer: Tokenizer | null
}

export interface TextModel {
  readonly config: {
    readonly vocab_size?: number
    readonly max_position_embeddings?: number
    readonly n_positions?: number
    readonly eos_token_id?: number | number[] | null
  }
  readonly generation_config?: { readonly eos_token_id?: number | number[] | null } | null
  /** Keyed by name: 'model', 'decoder_model_merged'. */
  readonly sessions?: Readonly<Record<string, Session>>
  generate(options: object): Promise<unknown>
  forward(inputs: object): Promise<Outputs>
  _get_logits_processor?(...given: unknown[]): Callable
  dispose?(): Promise<unknown>
}

export interface Session {
  run(...given: unknown[]): Promise<unknown>
}

export interface Outputs {
  readonly logits?: TensorObject
}

export interface TensorObject {
  slice(...given: unknown[]): TensorObject
  to(type: string): TensorObject
}

/** A function whose work is its method `_call`. */
export interface Callable {
  _call(...given: unknown[]): unknown
}

export interface Tokenizer extends Callable {
  encode(text: string, options: object): ArrayLike<number | bigint>
  decode(ids: readonly (number | bigint)[], options: object): string
}
