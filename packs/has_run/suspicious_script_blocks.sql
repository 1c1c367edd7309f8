-- id: fsa_suspicious_script_blocks
-- title: PowerShell code with traits of attacks
-- pillar: has_run
-- platform: windows
-- logging: snapshot
-- interval: daily
-- max_rows: 600
-- max_bytes: 700000
-- key: sha256, traits
-- join: script_path
-- family: script
-- attack: T1059.001, T1027, T1620
-- tpr: 0.5
-- fpr: 0.05
-- rule: script_amsi_bypass | has_amsi = '1' | 0.2 | 0.001 | T1562.001
-- rule: script_credential_tool | has_credential = '1' | 0.2 | 0.001 | T1003, T1558
-- rule: script_native_memory | has_native = '1' | 0.25 | 0.004 | T1055, T1620, T1106
-- rule: script_download_and_run | has_download = '1' AND has_invoke = '1' | 0.3 | 0.01 | T1105, T1059.001
-- rule: script_encoded_and_run | has_encoded = '1' AND has_invoke = '1' | 0.3 | 0.01 | T1027, T1140
-- rule: script_loads_assembly | has_reflection = '1' AND has_encoded = '1' | 0.25 | 0.004 | T1620
-- rule: script_defender_changed | has_defender = '1' | 0.15 | 0.005 | T1562.001
-- rule: script_reconnaissance | has_reconnaissance = '1' | 0.2 | 0.002 | T1087.002, T1482
-- rule: script_warned | level = '3' | 0.3 | 0.03 | T1059.001
-- attribute: script_origin | script_path = '' | 0.7
-- proves: PowerShell compiled code with these traits; all parts of a block were joined before they were looked for.
-- does_not_prove: That it is malicious: the words are those that honest administration uses too. Code that avoids
--   the words has no row here, but one in fsa_script_blocks.
-- false_positives: Deployment and monitoring scripts, security tests, modules that call Windows' functions.
-- next_step: fsa "SELECT script_text FROM fsa_script_blocks WHERE sha256 = '...'" on one of the hosts.
-- positive: evtx/win
-- negative: folders/kape
WITH b AS MATERIALIZED (
  SELECT sha256, script_block_id, script_path, is_complete, level, length, user_sid, time,
         script_text AS text
  FROM fsa_script_blocks
),
t AS (
  SELECT sha256, script_block_id, script_path, is_complete, level, length, user_sid, time,
         substr(text, 1, 300) AS script_start,
         text LIKE '%ams_utils%' OR text LIKE '%ams_initfailed%' OR text LIKE '%ams_scanbuffer%'
           OR text LIKE '%ams_context%' AS has_amsi,
         text LIKE '%mimi_atz%' OR text LIKE '%seku_lsa%' OR text LIKE '%minidumpwrite_ump%'
           OR text LIKE '%invoke-kerberoast%' OR text LIKE '%rubeus%' OR text LIKE '%lsass%' AS has_credential,
         text LIKE '%virtualalloc%' OR text LIKE '%getdelegateforfunctionpointer%'
           OR text LIKE '%writeprocessmemory%' OR text LIKE '%createthread%'
           OR text LIKE '%getprocaddress%' AS has_native,
         text LIKE '%downloadstring%' OR text LIKE '%downloadfile%' OR text LIKE '%downloaddata%'
           OR text LIKE '%invoke-webrequest%' OR text LIKE '%start-bitstransfer%'
           OR text LIKE '%net.webclient%' AS has_download,
         text LIKE '%iex %' OR text LIKE '%iex(%' OR text LIKE '%invoke-expression%'
           OR text LIKE '%.invoke(%' OR text LIKE '%[scriptblock]::create%' AS has_invoke,
         text LIKE '%frombase64string%' OR text LIKE '%-bxor%' OR text LIKE '%gzipstream%'
           OR text LIKE '%deflatestream%' OR text LIKE '%-encodedcommand%' OR text LIKE '% -enc %' AS has_encoded,
         text LIKE '%reflection.assembly]::load%' OR text LIKE '%[assembly]::load%'
           OR text LIKE '%add-type%dllimport%' OR text LIKE '%definedynamicassembly%' AS has_reflection,
         text LIKE '%set-mppreference%' OR text LIKE '%add-mppreference%' OR text LIKE '%windefend%' AS has_defender,
         text LIKE '%get-domaincomputer%' OR text LIKE '%get-netuser%' OR text LIKE '%get-domaintrust%'
           OR text LIKE '%find-localadminaccess%' OR text LIKE '%invoke-bloodhound%'
           OR text LIKE '%sharphound%' OR text LIKE '%invoke-shareFinder%' AS has_reconnaissance
  FROM b
)
SELECT sha256, script_path, is_complete, level, length, user_sid,
       has_amsi || has_credential || has_native || has_download || has_invoke || has_encoded || has_reflection
         || has_defender || has_reconnaissance AS traits,
       has_amsi, has_credential, has_native, has_download, has_invoke, has_encoded, has_reflection, has_defender,
       has_reconnaissance, count(*) AS times, min(time) AS first_time, max(time) AS last_time,
       min(script_block_id) AS script_block_id, min(script_start) AS script_start
FROM t
WHERE has_amsi OR has_credential OR has_native OR has_download OR has_encoded OR has_reflection OR has_defender
   OR has_reconnaissance OR level = 3
GROUP BY coalesce(nullif(sha256, ''), script_block_id), script_path, user_sid
