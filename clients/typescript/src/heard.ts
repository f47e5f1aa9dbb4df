import type { Done, EventFrame, FeedFrame, Found, Gap, HandOver, ModulesPage, RefusalFrame, RoutesPage, Started, StatusPage } from "./protocol.js";

/** A frame of the server, before it is known which: any may have any field. */
export type Heard = { [Field in FieldsOf<AnyFrame>]?: ValueOf<AnyFrame, Field> };

type AnyFrame =
  | Done
  | EventFrame
  | FeedFrame
  | Found
  | HandOver
  | ModulesPage
  | RefusalFrame
  | RoutesPage
  | Started
  | StatusPage
  | { gap: Gap }
  | { lost: string[] }
  | { notice: string };

type FieldsOf<Frame> = Frame extends unknown ? keyof Frame : never;
type ValueOf<Frame, Field extends PropertyKey> = Frame extends { [F in Field]?: infer Value } ? Value : never;
