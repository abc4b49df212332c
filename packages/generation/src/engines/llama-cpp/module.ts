// What is used of node-llama-cpp, version 3.

export type Token = number

export interface LlamaModule {
  getLlama(options: object): Promise<Llama>
  readonly LlamaLogLevel?: { readonly info: string }
}

export interface Llama {
  readonly llamaCppRelease?: { readonly release?: string }
  readonly buildType?: string
  readonly cpuMathCores?: number
  /** Threads of a context unless it is made with others; 0: as many as cpuMathCores. */
  readonly maxThreads?: number
  loadModel(options: object): Promise<LlamaModel>
  dispose(): Promise<void>
}

export interface LlamaModel {
  readonly trainContextSize?: number
  readonly tokens: { readonly eos?: Token | null; readonly eot?: Token | null }
  readonly fileInfo?: {
    readonly metadata?: {
      readonly tokenizer?: {
        readonly ggml?: { readonly tokens?: { readonly length: number }; readonly token_type?: ArrayLike<number> }
      }
    }
  }
  tokenize(text: string, specialTokens?: boolean): readonly Token[]
  detokenize(tokens: readonly Token[], specialTokens?: boolean, lastTokens?: readonly Token[]): string
  isEogToken(token: Token): boolean
  createContext(options: object): Promise<LlamaContext>
  dispose(): Promise<void>
}

export interface LlamaContext {
  readonly contextSize: number
  readonly idealThreads?: number
  readonly currentThreads?: number
  readonly batchSize?: number
  getSequence(): LlamaSequence
  /** Logs llama.cpp's own times since the last call, and starts again. */
  printTimings?(): Promise<void>
  dispose(): Promise<void>
}

export interface Evaluation {
  readonly next: { readonly token?: Token | null; readonly probabilities?: ReadonlyMap<Token, number> }
}

export type ControlledItem =
  | Token
  | readonly [Token, { readonly generateNext: { readonly token?: boolean; readonly probabilities?: boolean } }]

export interface LlamaSequence {
  readonly nextTokenIndex: number
  /** Goes on with the token that it gave, unless it is handed others. */
  evaluate(tokens: readonly Token[], options: object): AsyncGenerator<Token, void, readonly Token[] | undefined>
  evaluateWithoutGeneratingNewTokens(tokens: readonly Token[], options?: object): Promise<void>
  controlledEvaluate(items: readonly ControlledItem[], options?: object): Promise<readonly (Evaluation | undefined)[]>
  eraseContextTokenRanges(ranges: readonly { readonly start: number; readonly end: number }[]): Promise<void>
  clearHistory(): Promise<void>
}
