import { Component, type ReactNode } from 'react'

/** Shows the text itself where its Markdown can't be rendered: one answer must not take the page with it. */
export class PlainTextOnError extends Component<{ text: string; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <p>{this.props.text}</p> : this.props.children
  }
}
