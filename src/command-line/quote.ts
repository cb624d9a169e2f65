export { quote } from '../../packages/engine/src/setup/terminal/quote.ts'
