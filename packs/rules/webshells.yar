/*
  Web shells: pages that run what a request says. Written from how such pages must work (input of the request goes
  into a function that runs code or programs), not from single families.
*/
rule php_runs_request : webshell php
{
  meta:
    description = "PHP that runs what the request says"
    author = "FSA Tables"
    reference = "NSA and ASD, Detect and Prevent Web Shell Malware (2020); the PHP manual: program execution functions"
    attack = "T1505.003"
    severity = 90

  strings:
    $php = /<\?(php|=|\s)/ nocase
    $direct = /\b(eval|assert|system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)\s{0,4}\(\s{0,4}(@|stripslashes\(|base64_decode\(|gzinflate\(|trim\(|str_rot13\(|urldecode\(|\s){0,4}\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)/ nocase
    $backtick = /`\s{0,4}(\{)?\$_(GET|POST|REQUEST|COOKIE)\[/ nocase
    $name = /\$_(GET|POST|REQUEST|COOKIE)\[[^\]]{1,40}\]\s{0,4}\(\s{0,4}\$_(GET|POST|REQUEST|COOKIE)\[/ nocase
    $callback = /\b(call_user_func(_array)?|array_map|array_filter|usort|register_shutdown_function)\s{0,4}\(\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\[/ nocase
    $replace = /preg_replace\s{0,4}\(\s{0,4}["'][^"'\r\n]{1,40}\/[imsxu]{0,3}e[imsxu]{0,3}["'][^\r\n]{0,80}\$_(GET|POST|REQUEST|COOKIE)/ nocase
    $function = /create_function\s{0,4}\([^\r\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)/ nocase
    $input = /\b(eval|assert)\s{0,4}\(\s{0,4}(@|base64_decode\(|\s){0,3}file_get_contents\(\s{0,4}["']php:\/\/input/ nocase

  condition:
    $php and any of ($direct, $backtick, $name, $callback, $replace, $function, $input)
}

rule php_runs_hidden : webshell php
{
  meta:
    description = "PHP that runs code which it unpacks from text"
    author = "FSA Tables"
    reference = "the PHP manual: eval, gzinflate, base64_decode, str_rot13"
    attack = "T1505.003, T1027"
    severity = 70

  strings:
    $php = /<\?(php|=|\s)/ nocase
    $unpack = /\b(eval|assert)\s{0,4}\(\s{0,4}@?\s{0,4}(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev)\s{0,4}\(\s{0,4}@?\s{0,4}(gzinflate|gzuncompress|str_rot13|base64_decode|strrev|["'])/ nocase
    $letters = /\$\w{1,20}\s{0,2}=\s{0,2}(chr\(\d{1,3}\)\s{0,2}\.\s{0,2}){5}/ nocase
    $call = /@?\$\w{1,20}\s{0,2}\(\s{0,4}\$_(GET|POST|REQUEST|COOKIE)/ nocase

  condition:
    $php and ($unpack or ($letters and $call))
}

rule asp_runs_request : webshell asp
{
  meta:
    description = "classic ASP or ASP.NET that runs what the request says"
    author = "FSA Tables"
    reference = "NSA and ASD, Detect and Prevent Web Shell Malware (2020)"
    attack = "T1505.003"
    severity = 90

  strings:
    $page = /<%(@|\s|=)|<script[^>]{0,80}runat\s{0,2}=\s{0,2}["']?server/ nocase
    $classic = /\b(eval|execute|executeglobal)\s{0,4}\(?\s{0,4}request\s{0,4}(\.(item|form|querystring))?\s{0,4}[\(\[]/ nocase
    $jscript = /\beval\s{0,4}\(\s{0,4}(System\.Text\.Encoding[^\r\n]{0,120})?Request(\.Item|\.Form)?\s{0,2}\[[^\r\n]{1,120}["']unsafe["']/ nocase
    $process = /(Process\.Start\s{0,4}\(|\.FileName\s{0,4}=|\.Arguments\s{0,4}=)[^\r\n;]{0,120}Request(\.(Form|QueryString|Params|Item))?\s{0,2}[\[\(]/ nocase
    $shell = /CreateObject\s{0,4}\(\s{0,4}["']WScript\.Shell["']\s{0,4}\)[^\x00]{0,400}\.(Exec|Run)\s{0,4}\(?[^\r\n]{0,120}Request\s{0,4}[\(\.]/ nocase
    $assembly = /Assembly\.Load\s{0,4}\([^\r\n]{0,160}(Request(\.Form|\.Item|\.BinaryRead)?\s{0,2}[\[\(]|FromBase64String\(\s{0,2}Request)/ nocase

  condition:
    $page and any of ($classic, $jscript, $process, $shell, $assembly)
}

rule jsp_runs_request : webshell jsp
{
  meta:
    description = "a Java server page that runs what the request says"
    author = "FSA Tables"
    reference = "NSA and ASD, Detect and Prevent Web Shell Malware (2020)"
    attack = "T1505.003"
    severity = 90

  strings:
    $page = /<%(@|!|=|\s)|<jsp:/ nocase
    $runtime = /getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exec\s{0,4}\([^;]{0,200}request\s{0,4}\.\s{0,4}getParameter/
    $later = /request\s{0,4}\.\s{0,4}getParameter\s{0,4}\([^\x00]{0,1200}(getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exec|new\s{1,4}ProcessBuilder)\s{0,4}\(/
    $class_1 = /\bdefineClas[s]\s{0,4}\(/
    $class_2 = /(BASE64Decoder|Base64\.getDecoder|Base64\.decodeBase64|AES)/
    $class_3 = /request\s{0,4}\.\s{0,4}(getParameter|getReader|getInputStream|getHeader)\s{0,4}\(/

  condition:
    $page and ($runtime or $later or all of ($class_*))
}

rule configuration_runs_pictures : webshell configuration
{
  meta:
    description = "a configuration file that has every page, or pictures and text, run as code"
    author = "FSA Tables"
    reference = "the PHP manual: auto_prepend_file; Apache: AddHandler, AddType, SetHandler"
    attack = "T1505.003"
    severity = 60

  strings:
    $handler = /(AddHandler|AddType)\s{1,4}(application\/x-httpd-php\d?|php\d?-script)\s[^\r\n]{0,80}\.(jpe?g|png|gif|txt|ico|css|html?)\b/ nocase
    $prepend = /^\s{0,4}auto_(prepend|append)_file\s{0,4}=\s{0,4}["']?[^\r\n]{0,80}(\.(jpe?g|png|gif|txt|ico)|php:\/\/input|data:|\/tmp\/)/ nocase

  condition:
    filesize < 64KB and any of them
}
