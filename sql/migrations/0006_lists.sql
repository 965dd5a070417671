-- Lists of work orders: what a search looks into, what names are sorted by, and where a page of a list goes on.
-- The texts are prepared when they are written, by whoever writes them, so that a search only has to compare.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), false);

-- What is left of letters that are not ASCII: no accents, one form of each letter (NFKD), lower case, ss for a sharp s,
-- plain quotes and dashes, nothing that cannot be seen. translate() compares each character with its whole list, and so
-- the lists are short, and asked only where there is something for them.
CREATE FUNCTION fold_letters(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    value := lower(regexp_replace(normalize(value, NFKD),
        -- accents and vowel points, soft hyphens, zero-width and direction marks, variation selectors
        '[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670'
        '\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f'
        '\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+', '', 'g')
        COLLATE "C");
    IF octet_length(value) = length(value) THEN
        RETURN value;
    END IF;
    -- letters with a stroke, capitals that have no accent, quotes and dashes as telephones write them, the dot of a
    -- machine's number (02·01 of Valve_02_01)
    value := translate(value,
        'ÆÐØÞĐĦŁŊŒŦøłđðħıŧŋĸȷςƒ×⁄‘’‚‛ʼ′“”„‟«»‐‒–—―−⁃·',
        'ædoþdhlnœtolddhitnkjσfx/''''''''''''""""""-------_');
    value := replace(replace(replace(replace(replace(value, 'ẞ', 'ss'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    IF value ~ '[\u0180-\u024f\u2c60-\u2c7f\ua720-\ua7ff]' THEN  -- Latin
        value := translate(value,
            'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘ'
            'ꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾ',
            'ɓƃƅɔƈɖɗƌǝəɛfɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙ'
            'ꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿ');
    END IF;
    IF value ~ '[\u0370-\u03ff]' THEN  -- Greek
        value := translate(value,
            'ͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿ',
            'ͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽ');
    END IF;
    IF value ~ '[\u0400-\u052f\ua640-\ua69f]' THEN  -- Cyrillic
        value := translate(value,
            'ЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺ'
            'ӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚ',
            'ђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻ'
            'ӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛ');
    END IF;
    IF value ~ '[\u0530-\u058f\u1c90-\u1cbf]' THEN  -- Armenian and Georgian
        value := translate(value,
            'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿ',
            'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿ');
    END IF;
    RETURN normalize(value, NFC);
END $$;

-- A text as a search compares it: lower case, the letters of fold_letters, single spaces. The same on every server,
-- whatever its locale, and the same as floor/core/names.py, which sorts by it too.
CREATE FUNCTION fold_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) = length(value)
    THEN btrim(regexp_replace(lower(value COLLATE "C"), '[\x01-\x20\x7f]+', ' ', 'g'))
    ELSE btrim(regexp_replace(fold_letters(value), '[\x01-\x20\x7f-\xa0\u1680\u2028\u2029]+', ' ', 'g')) END;

-- What names, titles and people are sorted by, byte by byte: letters without regard to case and accents, numbers by their
-- value ('Machine 2' before 'Machine 10'), spaces and punctuation before digits, digits before letters. Lists end their
-- order with a unique column. Not a collation: not every PostgreSQL has ICU (the embedded one has not), a new version of
-- ICU sorts otherwise and breaks indexes, and Python has none.
CREATE FUNCTION name_sort_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN value IS NOT NULL THEN coalesce(string_agg(
               CASE WHEN part[1] COLLATE "C" < '0' OR part[1] COLLATE "C" > ':' THEN part[1]
                    ELSE lpad(ltrim(part[1], '0'), greatest(20, length(ltrim(part[1], '0'))), '0') END,
               '' ORDER BY number), '') END
    FROM (SELECT translate(fold_text(value), ' _-,;:!?.''"()[]{}@*/\&#%`^+<=>|~$',
                  E'\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10'
                  '\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22') COLLATE "C" AS text) AS folded,
         regexp_matches(folded.text, '[0-9]+|[^0-9]+', 'g') WITH ORDINALITY AS parts (part, number));

-- Each word of a text once: a search asks whether words are in it, not where.
CREATE FUNCTION search_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(string_agg(DISTINCT word COLLATE "C", ' ' ORDER BY word COLLATE "C"), '')
        FROM unnest(string_to_array(fold_text(value), ' ')) AS word);

-- The words of a search as patterns for LIKE, in which all that people type is text; the longest first, for it narrows
-- the most. Punctuation at the ends of a word is left off ('Strasse!', '(pump)', 'leak,'), within it is text (WO-1043,
-- 3.5); signs that stand for a word are text everywhere (50 %). A search for nothing but punctuation looks for just that.
CREATE FUNCTION search_patterns(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT '%' || regexp_replace(chosen.word, '([\\%_])', '\\\1', 'g') || '%'
             FROM (SELECT CASE WHEN bool_or(bare <> '') OVER () THEN bare ELSE whole END AS word
                   FROM (SELECT each AS whole, btrim(each, '.,;:!?-_*/#@''"()[]{}`¡¿‹›•、。「」『』【】،؛؟।') AS bare
                         FROM unnest(string_to_array(fold_text(value), ' ')) AS each) AS typed) AS chosen
             WHERE chosen.word <> '' GROUP BY chosen.word
             ORDER BY length(chosen.word) DESC, chosen.word COLLATE "C");


-- What lists search and sort by. Triggers see to it, on replicated and bulk loads too (ENABLE ALWAYS).
CREATE TABLE work_order_texts (
    work_order_id text PRIMARY KEY,
    machine_key   text COLLATE "C" NOT NULL,
    what_key      text COLLATE "C" NOT NULL,
    assignee_key  text COLLATE "C",
    words         text COLLATE "C" NOT NULL
);
COMMENT ON TABLE work_order_texts IS
    'One row per work order: its sort keys (name_sort_key), and the words that a search finds it by (fold_text).';

-- What an order was sorted by before each change of it, kept for a day. With it, a list that is read page by page goes on
-- where it was, whatever is changed meanwhile: the page after sees each order where the first page saw it.
CREATE TABLE work_order_sort_history (
    number        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid           xid8        NOT NULL DEFAULT pg_current_xact_id(),
    replaced_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    work_order_id text        NOT NULL,
    machine_key   text COLLATE "C" NOT NULL,
    what_key      text COLLATE "C" NOT NULL,
    assignee_key  text COLLATE "C",
    priority      text        NOT NULL,
    status        text        NOT NULL,
    due_at        timestamptz NOT NULL,
    reported_at   timestamptz NOT NULL,
    ended_at      timestamptz
);
CREATE INDEX work_order_sort_history_by_xid ON work_order_sort_history (xid);
CREATE INDEX work_order_sort_history_by_time ON work_order_sort_history (replaced_at);
COMMENT ON TABLE work_order_sort_history IS
    'Values that lists sort by, as they were before a change; xid is the transaction that changed them. For a day.';

-- What a person wrote in an event; null if nothing.
CREATE FUNCTION work_order_event_text(e work_order_events) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT nullif(concat_ws(' ', e.hold_reason, e.cause, e.action_taken, e.cancel_reason, e.note), '')
$$;

-- Prepare the texts of these orders, of all if null.
CREATE FUNCTION prepare_work_order_texts(ids text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO work_order_texts AS t (work_order_id, machine_key, what_key, assignee_key, words)
    SELECT o.id, name_sort_key(o.machine_id), name_sort_key(left(o.issue_description, 100)), name_sort_key(o.assignee),
           search_words(concat_ws(' ', o.id, o.machine_id,
               o.issue_description, o.reporter_name, o.assignee, o.machine_reason, o.cause, o.action_taken,
               o.cancel_reason,
               (SELECT string_agg(c.text, ' ') FROM work_order_checklist c WHERE c.work_order_id = o.id),
               (SELECT string_agg(a.file_name, ' ') FROM work_order_attachments a WHERE a.work_order_id = o.id),
               (SELECT string_agg(work_order_event_text(e), ' ') FROM work_order_events e
                WHERE e.work_order_id = o.id)))
    FROM work_orders o
    WHERE ids IS NULL OR o.id = ANY (ids)
    ORDER BY o.id
    ON CONFLICT (work_order_id) DO UPDATE
        SET machine_key = excluded.machine_key, what_key = excluded.what_key, assignee_key = excluded.assignee_key,
            words = excluded.words
        WHERE (t.machine_key, t.what_key, t.assignee_key, t.words)
            IS DISTINCT FROM (excluded.machine_key, excluded.what_key, excluded.assignee_key, excluded.words)
$$;

CREATE FUNCTION work_orders_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM prepare_work_order_texts(array_agg(id)) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER work_orders_inserted AFTER INSERT ON work_orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_orders_inserted();
ALTER TABLE work_orders ENABLE ALWAYS TRIGGER work_orders_inserted;

CREATE FUNCTION work_orders_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO work_order_sort_history (work_order_id, machine_key, what_key, assignee_key, priority, status, due_at,
                                         reported_at, ended_at)
    SELECT o.id, t.machine_key, t.what_key, t.assignee_key, o.priority, o.status, o.due_at, o.timestamp,
           coalesce(o.completed_at, o.cancelled_at)
    FROM old_rows o JOIN new_rows n USING (id) JOIN work_order_texts t ON t.work_order_id = o.id
    WHERE (o.machine_id, left(o.issue_description, 100), o.assignee, o.priority, o.status, o.due_at, o.timestamp,
           o.completed_at, o.cancelled_at)
        IS DISTINCT FROM (n.machine_id, left(n.issue_description, 100), n.assignee, n.priority, n.status, n.due_at,
                          n.timestamp, n.completed_at, n.cancelled_at);

    PERFORM prepare_work_order_texts(array_agg(n.id))
    FROM old_rows o JOIN new_rows n USING (id)
    WHERE (o.machine_id, o.issue_description, o.assignee, o.reporter_name, o.machine_reason, o.cause, o.action_taken,
           o.cancel_reason)
        IS DISTINCT FROM (n.machine_id, n.issue_description, n.assignee, n.reporter_name, n.machine_reason, n.cause,
                          n.action_taken, n.cancel_reason)
    HAVING count(*) > 0;

    DELETE FROM work_order_sort_history WHERE number IN (
        SELECT number FROM work_order_sort_history WHERE replaced_at < now() - interval '1 day'
        ORDER BY replaced_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;
CREATE TRIGGER work_orders_updated AFTER UPDATE ON work_orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_orders_updated();
ALTER TABLE work_orders ENABLE ALWAYS TRIGGER work_orders_updated;

-- Notes are only added to, so that their words are too: an order of a thousand comments is not read again for the next.
CREATE FUNCTION work_order_noted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE work_order_texts t SET words = search_words(t.words || ' ' || noted.notes)
    FROM (SELECT e.work_order_id, string_agg(work_order_event_text(e), ' ') AS notes FROM new_rows e
          WHERE work_order_event_text(e) IS NOT NULL GROUP BY 1) AS noted
    WHERE t.work_order_id = noted.work_order_id;
    RETURN NULL;
END $$;
CREATE TRIGGER work_order_noted AFTER INSERT ON work_order_events REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_order_noted();
ALTER TABLE work_order_events ENABLE ALWAYS TRIGGER work_order_noted;

CREATE FUNCTION work_order_part_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM prepare_work_order_texts(ARRAY[CASE WHEN TG_OP = 'DELETE' THEN OLD.work_order_id ELSE NEW.work_order_id END]);
    RETURN NULL;
END $$;
CREATE TRIGGER work_order_texts_follow AFTER INSERT OR DELETE OR UPDATE OF text ON work_order_checklist
    FOR EACH ROW EXECUTE FUNCTION work_order_part_changed();
ALTER TABLE work_order_checklist ENABLE ALWAYS TRIGGER work_order_texts_follow;
CREATE TRIGGER work_order_texts_follow AFTER INSERT ON work_order_attachments
    FOR EACH ROW EXECUTE FUNCTION work_order_part_changed();
ALTER TABLE work_order_attachments ENABLE ALWAYS TRIGGER work_order_texts_follow;

SELECT prepare_work_order_texts(NULL);

-- An index of three-letter pieces, where the server has pg_trgm: a search for a rare word then reads only the orders that
-- have it. Without it a search compares all of them, which is fast enough for 50,000. It can be added later by the same
-- statements.
DO $$
DECLARE
    home text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'pg_trgm is not there and cannot be added: %', SQLERRM;
    END;
    SELECT nspname INTO home FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm';
    IF FOUND THEN
        EXECUTE format('CREATE INDEX work_order_texts_by_words ON work_order_texts USING gin (words %I.gin_trgm_ops)',
                       home);
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'pg_trgm is there and cannot be used: %', SQLERRM;
END $$;


-- The orders under a filter; null means no condition. It is part of the statement that names it (inlined), so that its
-- indexes are used. done: today (by the clock of the zone) or week, for what was completed since then, whatever states
-- are asked for. search: all of its words are in the order, in any order, in any of its texts. among: only these.
CREATE FUNCTION filtered_work_orders(states text[], done text, zone text, priorities text[], machine text,
                                     person integer, unassigned boolean, overdue boolean, search text,
                                     changed_after timestamptz, among text[] DEFAULT NULL)
RETURNS SETOF work_orders
LANGUAGE sql STABLE AS $$
    SELECT o.*
    FROM work_orders o
    LEFT JOIN work_order_texts t ON t.work_order_id = o.id
    WHERE (among IS NULL OR o.id = ANY (among))
      AND (states IS NULL OR o.status = ANY (states)
           OR o.completed_at >= CASE done WHEN 'today' THEN date_trunc('day', now(), zone)
                                          WHEN 'week' THEN now() - interval '7 days' END)
      AND (priorities IS NULL OR o.priority = ANY (priorities))
      AND (machine IS NULL OR o.machine_id = machine)
      AND (person IS NULL OR o.assignee_id = person)
      AND (NOT unassigned OR o.assignee_id IS NULL)
      AND (changed_after IS NULL OR o.updated_at > changed_after)
      AND (NOT overdue OR (o.status IN ('open', 'in_progress', 'on_hold') AND o.due_at < now()))
      AND (search_patterns(search) = '{}'
           OR (t.words LIKE (search_patterns(search))[1] AND t.words LIKE ALL ((search_patterns(search))[2:])))
$$;

REVOKE EXECUTE ON FUNCTION work_orders_inserted(), work_orders_updated(), work_order_noted(), work_order_part_changed()
    FROM PUBLIC;
