// A page that was served: it hands in the token of its address once, and then follows the stream of what goes on. Documents are fetched when
// the stream says that there are others.
import { signal } from '@preact/signals'
import { type Given, unpacked } from './unpacked.ts'

export interface LiveState {
  readonly measuring: { readonly stage: string; readonly done: number; readonly of: number } | null
  readonly ended: string | null
  readonly version: number
}

export const live = signal<LiveState | null>(null)
export const served = signal<Given | null>(null)
/** Why nothing comes; null while it does. */
export const trouble = signal<string | null>(null)
/** Stages so far, in order, the last one being at work. */
export const stages = signal<readonly { readonly stage: string; readonly done: number; readonly of: number }[]>([])

const NEEDS_ADDRESS = 'This page needs the whole address that whyslow printed, including the part after the #.'

export async function connect(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) {
    const answer = await fetch('/session', { method: 'POST', headers: { 'x-whyslow-token': token } })
    if (!answer.ok) {
      trouble.value = NEEDS_ADDRESS
      return
    }
    // What was handed in stands in no history and on no screen.
    history.replaceState(null, '', location.pathname)
  }
  follow()
}

function follow(): void {
  const source = new EventSource('/events')
  let version = 0
  source.onmessage = (event) => {
    const state = JSON.parse(event.data as string) as LiveState
    trouble.value = null
    live.value = state
    if (state.measuring !== null) stages.value = withStage(stages.value, state.measuring)
    if (state.version !== version) {
      version = state.version
      void fetchDocuments()
    }
    if (state.ended !== null) source.close()
  }
  source.onerror = () => {
    if (live.value?.ended == null)
      trouble.value = live.value === null ? NEEDS_ADDRESS : 'whyslow has ended: this page keeps what it has.'
  }
  addEventListener('pagehide', () => source.close())
}

function withStage(known: typeof stages.value, next: NonNullable<LiveState['measuring']>): typeof stages.value {
  const last = known.at(-1)
  return last?.stage === next.stage ? [...known.slice(0, -1), next] : [...known, next]
}

async function fetchDocuments(): Promise<void> {
  const answer = await fetch('/documents')
  if (!answer.ok) {
    trouble.value = NEEDS_ADDRESS
    return
  }
  served.value = await unpacked(await answer.json())
}
