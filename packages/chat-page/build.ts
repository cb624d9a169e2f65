import { buildChatPage } from '../../scripts/chat-page.ts'

await buildChatPage()
