// What the process of a server under test is told, asked, and answers.
import type { LoadServerFacts } from '@whyslow/report/documents/load.ts'
import type { ModelSpec } from '../../serve/protocol.ts'
import type { ServeOptions, ServerSetup } from './serve.ts'

/** `ServeOptions` as they cross to the process. */
export type ServerTask = { readonly file: string; readonly options: Omit<ServeOptions, 'log'> }

/** What is asked of a server that runs: what it counted since it was asked before. */
export type ServerRequest = { readonly ask: 'facts' }

export type ServerAnswer =
  | { readonly kind: 'ready'; readonly address: string; readonly model: ModelSpec; readonly setup: ServerSetup }
  | { readonly kind: 'facts'; readonly facts: LoadServerFacts }
  /** Refused, with the reason in the user's words. */
  | { readonly kind: 'refused'; readonly message: string }
  /** A mistake of ours. */
  | { readonly kind: 'failed'; readonly stack: string }
