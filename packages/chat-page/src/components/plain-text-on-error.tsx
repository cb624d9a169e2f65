import { Component, type ReactNode } from 'react'

/** Shows plain text if its Markdown cannot be rendered, so that one answer does not break the page. */
export class PlainTextOnError extends Component<{ text: string; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <p>{this.props.text}</p> : this.props.children
  }
}
