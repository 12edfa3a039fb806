import { afterAll } from "vitest";

import { openStorage } from "../../../server/store/open-storage.ts";
import { describeCheckpointer } from "../../contracts/checkpointer.ts";
import { describeSaver } from "../../contracts/saver.ts";
import { describeStore } from "../../contracts/store.ts";
import { createTempFolder } from "../../support/test-app.ts";

const folders: { remove(): void }[] = [];
afterAll(() => {
  for (const folder of folders) folder.remove();
});
const open = () => {
  const folder = createTempFolder();
  folders.push(folder);
  return openStorage({ home: folder.path });
};

describeStore("SQLite", open);
describeCheckpointer("SQLite", open);
describeSaver("@langchain/langgraph-checkpoint-sqlite", open);
