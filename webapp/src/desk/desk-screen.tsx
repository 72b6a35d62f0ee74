/** The desk: what goes on now, and behind it figures, coverage, roster, webhooks, files and posters. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AccountCard } from "../account/account-card";
import { Sheet } from "../account/sheet";
import { ChannelsCard } from "../attorney/channels-card";
import { t, type Key } from "../i18n";
import { Notice } from "../ui/frame";
import { useCut, useFocus, useLanguage, useWatched } from "../ui/hooks";
import { CardsPart } from "./cards-part";
import { CodesPart } from "./codes-part";
import { CoveragePart } from "./coverage-part";
import { CustodianPart } from "./custodian-part";
import { DemandedPart } from "./demanded-part";
import { FiguresPart } from "./figures-part";
import { FilesPart } from "./files-part";
import { HooksPart } from "./hooks-part";
import { NowPart } from "./now-part";
import { OrganizationPart } from "./organization-part";
import { PostersPart } from "./posters-part";
import { RosterPart } from "./roster-part";
import { TeamPart } from "./team-part";
import { Translations } from "./translations";
import type { Watch } from "./watch";

const PARTS = [
  "now",
  "figures",
  "coverage",
  "roster",
  "team",
  "cards",
  "custodian",
  "organization",
  "hooks",
  "files",
  "codes",
  "posters",
  "account",
] as const;
type Part = (typeof PARTS)[number];
const ELSEWHERE: Partial<Record<Part, Key>> = {
  account: "account.title",
  team: "team.title",
  cards: "cards.queue",
  custodian: "lost.title",
  organization: "org.title",
  codes: "codes.title",
};

interface DeskScreenProps {
  watch: Watch;
  /** who is here, and of what */
  name: string;
  organization: string;
  bySheet: boolean;
  founded(): void;
}

/** On a phone the parts are a strip that scrolls: the one that is open is in it, however it was opened. */
function useCurrentShown(part: Part): RefObject<HTMLElement | null> {
  const strip = useRef<HTMLElement | null>(null);
  const tag = useLanguage();
  useEffect(() => {
    const { current: nav } = strip;
    if (nav === null) return;
    const show = (): void => {
      const at = nav.querySelector("[aria-current]")?.getBoundingClientRect();
      const room = nav.getBoundingClientRect();
      if (at === undefined || (at.left >= room.left && at.right <= room.right)) return;
      nav.scrollBy({ left: (at.left + at.right - room.left - room.right) / 2, behavior: "instant" });
    };
    // Told at once, and when the window is turned.
    const sizes = new ResizeObserver(show);
    sizes.observe(nav);
    return () => sizes.disconnect();
  }, [part, tag]);
  return strip;
}

export function DeskScreen({ watch, name, organization, bySheet, founded }: DeskScreenProps): JSX.Element {
  const [sheets, makeSheet] = useState({ shown: false, made: 0 });
  const [part, show] = useState<Part>(bySheet ? "account" : "now");
  const { connection, board, alarms, armed } = useWatched(watch.view);
  const cut = useCut(connection);
  const heading = useFocus<HTMLHeadingElement>();
  const strip = useCurrentShown(part);
  return (
    <main class="desk" data-connection={connection}>
      <h1 ref={heading} tabIndex={-1}>
        {t("dd.title")}
      </h1>
      {cut && <Notice tone="care">{t("service.unreachable")}</Notice>}
      {!armed && (
        <Notice tone="plain" icon="sound">
          <p>{t("dd.sound.off")}</p>
          <button type="button" class="button" onClick={() => void watch.arm()}>
            {t("dd.sound.allow")}
          </button>
        </Notice>
      )}
      <nav ref={strip} aria-label={t("dd.parts")} class="parts scrolls">
        {PARTS.map((one) => (
          <button
            key={one}
            type="button"
            class="part"
            aria-current={part === one ? "page" : undefined}
            onClick={() => show(one)}
          >
            {t(ELSEWHERE[one] ?? (`dd.${one}` as Key))}
          </button>
        ))}
      </nav>
      {part === "now" && <NowPart watch={watch} />}
      {part === "figures" && <FiguresPart settled={board?.settled ?? 0} />}
      {part === "coverage" && <CoveragePart />}
      {part === "roster" && <RosterPart />}
      {part === "team" && <TeamPart />}
      {part === "cards" && <CardsPart clock={watch.clock} />}
      {part === "custodian" && <CustodianPart clock={watch.clock} />}
      {part === "organization" && <OrganizationPart founded={founded} />}
      {part === "hooks" && <HooksPart />}
      {part === "files" && <FilesPart />}
      {part === "files" && <DemandedPart />}
      {part === "codes" && <CodesPart posters={() => show("posters")} />}
      {part === "posters" && <PostersPart />}
      {part === "account" && !sheets.shown && (
        <AccountCard
          keys={null}
          bySheet={bySheet}
          sheets={sheets.made}
          makeSheet={() => makeSheet(({ made }) => ({ shown: true, made }))}
        />
      )}
      {part === "account" && !sheets.shown && <ChannelsCard />}
      {part === "account" && sheets.shown && (
        <Sheet
          name={name}
          organization={organization}
          keys={null}
          done={() => makeSheet(({ made }) => ({ shown: false, made: made + 1 }))}
        />
      )}
      <Translations />
      {alarms.length > 0 && (
        <div class="alarm" data-testid="ringing">
          <Notice tone="loud">
            <p>{t("dd.alarm")}</p>
            <button type="button" class="button" onClick={() => watch.silence()}>
              {t("dd.alarm.silence")}
            </button>
          </Notice>
        </div>
      )}
    </main>
  );
}
