// A part that cannot be drawn is one line; the others stand.
import { Component, type ComponentChildren } from 'preact'
import { Sentence } from './name.tsx'

interface Props {
  readonly children?: ComponentChildren
}

export class Boundary extends Component<Props, { reason: string | null }> {
  override state = { reason: null as string | null }

  static override getDerivedStateFromError(error: unknown) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }

  override render() {
    const { reason } = this.state
    if (reason === null) return this.props.children
    return (
      <p class="warnings">
        This part cannot be drawn from this document: <Sentence text={reason} />
      </p>
    )
  }
}
