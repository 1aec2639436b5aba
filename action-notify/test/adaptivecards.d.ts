/** The package's types belong to `lib/`, which Node cannot load; this is the same code, bundled. */
declare module 'adaptivecards/dist/adaptivecards.js' {
  import * as cards from 'adaptivecards';
  export default cards;
}
